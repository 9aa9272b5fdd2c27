const { rm, readFile, writeFile, mkdir } = require('node:fs/promises');
const path = require('node:path');
const { src, dest, series, parallel } = require('gulp');
const { generateDtsBundle } = require('dts-bundle-generator');
const esbuild = require('esbuild');
const { n8n } = require('./package.json');

/** dist/nodes/X/Y.node.js is built from nodes/X/Y.node.ts, and so on. */
const entryPoints = [...n8n.nodes, ...n8n.credentials, 'dist/index.js'].map((file) =>
	file.replace(/^dist\//, '').replace(/\.js$/, '.ts'),
);

/**
 * Leaves out of @sendgrid/mail what cannot run inside n8n's sandbox rules: its own HTTP client
 * (axios; requests go through n8n's helper instead) and the helper classes that read files or
 * touch `process`. Mail building itself is bundled unchanged.
 */
const onlyMailBuilding = {
	name: 'only-mail-building',
	setup(build) {
		build.onResolve({ filter: /^@sendgrid\/(client|helpers)$/ }, ({ path: name }) => ({
			path: name,
			namespace: 'mail-building',
		}));
		build.onLoad({ filter: /.*/, namespace: 'mail-building' }, ({ path: name }) => ({
			resolveDir: __dirname,
			contents:
				name === '@sendgrid/client'
					? 'exports.Client = class {};'
					: "exports.classes = { Mail: require('@sendgrid/helpers/classes/mail') };",
		}));
	},
};

/**
 * Leaves the nodes and the credential out of dist/index.js and loads them only when somebody asks
 * for one: their code needs n8n, the functions beside them do not.
 */
const classesOnDemand = {
	name: 'classes-on-demand',
	setup(build) {
		build.onResolve({ filter: /\.(node|credentials)$/ }, ({ importer, path: name }) =>
			importer === path.resolve('index.ts') ? { path: name, namespace: 'on-demand' } : undefined,
		);
		build.onResolve({ filter: /./, namespace: 'on-demand' }, ({ path: name }) => ({
			path: name,
			external: true,
		}));
		build.onLoad({ filter: /./, namespace: 'on-demand' }, ({ path: name }) => {
			const className = path.basename(name).split('.')[0];
			return {
				contents: `Object.defineProperty(exports, '${className}', {
					enumerable: true,
					get: () => require('${name}.js').${className},
				});`,
			};
		});
	},
};

async function clean() {
	await rm('dist', { recursive: true, force: true });
}

async function bundle() {
	const { metafile } = await esbuild.build({
		entryPoints,
		outbase: '.',
		outdir: 'dist',
		bundle: true,
		platform: 'node',
		// n8n 1.123, the oldest supported, runs on Node 20.
		target: 'node20',
		format: 'cjs',
		external: ['n8n-workflow'],
		plugins: [onlyMailBuilding, classesOnDemand],
		// @sendgrid/helpers warns on the console; n8n's scan forbids console in what ships.
		drop: ['console'],
		legalComments: 'none',
		metafile: true,
		logLevel: 'warning',
	});
	await writeThirdPartyLicenses(metafile);
}

/** MIT asks that the notice travels with the copy: one file lists every bundled package. */
async function writeThirdPartyLicenses(metafile) {
	const packages = new Set();
	for (const input of Object.keys(metafile.inputs)) {
		const match = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
		if (match) packages.add(match[1]);
	}
	if (packages.size === 0) {
		throw new Error('No licence texts would be shipped: no bundled package was recognized');
	}
	const notices = await Promise.all(
		[...packages].sort().map(async (name) => {
			const folder = path.join('node_modules', name);
			const { version, license } = JSON.parse(await readFile(path.join(folder, 'package.json')));
			const text = await firstReadable(
				['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license.txt'].map((f) => path.join(folder, f)),
			);
			return `${name} ${version} (${license})\n\n${text.trim()}\n`;
		}),
	);
	await mkdir('dist', { recursive: true });
	await writeFile('dist/THIRD_PARTY_LICENSES.txt', notices.join(`\n${'-'.repeat(72)}\n\n`));
}

async function firstReadable(files) {
	for (const file of files) {
		try {
			return await readFile(file, 'utf8');
		} catch (error) {
			if (error.code !== 'ENOENT') throw error;
		}
	}
	throw new Error(`No licence text found, looked for ${files.join(', ')}`);
}

/** The types of the functions that work without n8n; the classes are for n8n, which needs none. */
async function types() {
	const [declarations] = generateDtsBundle([{ filePath: 'nodes/SendGrid/events/index.ts' }], {
		preferredConfigPath: 'tsconfig.json',
	});
	await mkdir('dist', { recursive: true });
	await writeFile('dist/index.d.ts', declarations);
}

function assets() {
	return src(
		['{nodes,credentials}/**/*.{svg,png}', 'nodes/**/*.node.json', 'nodes/**/__schema__/**/*.json'],
		{
			encoding: false,
			// n8n looks for a node's codex file beside the node: each file keeps its whole path.
			base: '.',
		},
	).pipe(dest('dist'));
}

exports.build = series(clean, parallel(bundle, types, assets));
exports.default = exports.build;
