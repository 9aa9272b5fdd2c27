import { readFileSync } from 'node:fs';
import path from 'node:path';

interface LockedPackage {
	integrity?: string;
	link?: boolean;
}

/** npm installs a package whose hash is missing without a check. */
test('every package in package-lock.json has an integrity hash', () => {
	const lockFile = readFileSync(path.resolve(__dirname, '../../package-lock.json'), 'utf8');
	const { packages } = JSON.parse(lockFile) as { packages: Record<string, LockedPackage> };

	const withoutHash = Object.entries(packages)
		.filter(([folder, { integrity, link }]) => folder !== '' && !link && !integrity)
		.map(([folder]) => folder);

	expect(withoutHash).toEqual([]);
});
