import { findInPath } from './files';
import type { TestProgram } from './programs';

/** Where the programs are that the PATH of a user may leave out. */
const PLACES = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

export const nginx: TestProgram = {
	purpose: 'nginx, for the tests with a gate in front of n8n',
	debianPackage: 'nginx',
	find: async () => await findInPath('nginx', PLACES),
	unpack: { file: 'usr/sbin/nginx', versionArgument: '-v' },
	advice: 'on Debian "sudo apt-get install nginx", on macOS "brew install nginx"; it need not run',
};

export const caddy: TestProgram = {
	purpose: 'Caddy, for the tests with a gate in front of n8n',
	debianPackage: 'caddy',
	find: async () => await findInPath('caddy', PLACES),
	unpack: { file: 'usr/bin/caddy', versionArgument: 'version' },
	advice: 'on Debian "sudo apt-get install caddy", on macOS "brew install caddy"; it need not run',
};
