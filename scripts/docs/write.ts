import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { generatedPages } from './pages';

for (const [file, make] of Object.entries(generatedPages)) {
	writeFileSync(path.resolve(__dirname, '../..', file), make());
}
