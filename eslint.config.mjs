import js from '@eslint/js';
import { n8nCommunityNodesPlugin } from '@n8n/eslint-plugin-community-nodes';
import n8nNodesBase from 'eslint-plugin-n8n-nodes-base';
import tseslint from 'typescript-eslint';

/** n8n's own rules for what ships; the same sets its community-package scan applies. */
const n8nRules = {
	nodes: {
		...n8nNodesBase.configs.nodes.rules,
		// n8n switches these three off for community packages: outputs may be an expression, the
		// connection type a constant, and SendGrid's own limits are worth stating as maxValue.
		'n8n-nodes-base/node-class-description-inputs-wrong-regular-node': 'off',
		'n8n-nodes-base/node-class-description-outputs-wrong': 'off',
		'n8n-nodes-base/node-param-type-options-max-value-present': 'off',
	},
	credentials: {
		...n8nNodesBase.configs.credentials.rules,
		// Both are for n8n's own repository; the community plugin has the stricter counterparts.
		'n8n-nodes-base/cred-class-field-documentation-url-miscased': 'off',
		'n8n-nodes-base/cred-class-field-type-options-password-missing': 'off',
	},
	package: n8nNodesBase.configs.community.rules,
};

/** Imports go one way: CONTRIBUTING.md says which. @param rooms folders that this one does not know */
const isUnawareOf = (folder, rooms, modules = []) => ({
	files: [`${folder}/**/*.ts`],
	rules: {
		'no-restricted-imports': [
			'error',
			{
				paths: modules,
				patterns: [
					{
						regex: `\\.\\./(${rooms.join('|')})(/|$)`,
						message: `${folder} is used by these, and does not use them: ${rooms.join(', ')}.`,
					},
				],
			},
		],
	},
});
const testLevels = ['unit', 'integration', 'e2e', 'chaos', 'bench'];
const importsGoOneWay = [
	isUnawareOf('nodes/SendGrid/events', ['api', 'fields', 'actions', 'trigger'], ['n8n-workflow']),
	isUnawareOf('nodes/SendGrid/api', ['fields', 'actions', 'trigger']),
	isUnawareOf('nodes/SendGrid/fields', ['actions', 'trigger']),
	isUnawareOf('nodes/SendGrid/actions', ['trigger']),
	isUnawareOf('nodes/SendGrid/trigger', ['actions']),
	isUnawareOf('emulator', ['nodes', 'test', 'scripts']),
	isUnawareOf('scripts', ['test']),
	...testLevels.map((level) =>
		isUnawareOf(
			`test/${level}`,
			testLevels.filter((other) => other !== level),
		),
	),
];

export default tseslint.config(
	{ ignores: ['dist/**', 'coverage/**', 'node_modules/**', '.cache/**'] },
	{ linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' } },
	{
		files: ['**/*.ts', '**/*.mjs', '**/*.js'],
		extends: [js.configs.recommended],
		languageOptions: {
			globals: {
				Buffer: 'readonly',
				URL: 'readonly',
				URLSearchParams: 'readonly',
				console: 'readonly',
				process: 'readonly',
				fetch: 'readonly',
				setTimeout: 'readonly',
				clearTimeout: 'readonly',
				setImmediate: 'readonly',
				AbortController: 'readonly',
				AbortSignal: 'readonly',
				performance: 'readonly',
				structuredClone: 'readonly',
			},
		},
	},
	{
		files: ['*.js', '**/*.cjs'],
		languageOptions: {
			sourceType: 'commonjs',
			globals: {
				require: 'readonly',
				module: 'writable',
				exports: 'writable',
				__dirname: 'readonly',
			},
		},
	},
	{ files: ['**/*.ts'], extends: [tseslint.configs.recommended] },
	{
		files: ['nodes/**/*.ts', 'credentials/**/*.ts', 'index.ts'],
		extends: [n8nCommunityNodesPlugin.configs.recommended],
		rules: { 'no-console': 'error' },
	},
	...importsGoOneWay,
	{ plugins: { 'n8n-nodes-base': n8nNodesBase } },
	{ files: ['nodes/**/*.ts'], rules: n8nRules.nodes },
	{ files: ['credentials/**/*.ts'], rules: n8nRules.credentials },
	{
		files: ['package.json'],
		extends: [n8nCommunityNodesPlugin.configs.recommended],
		rules: n8nRules.package,
		languageOptions: {
			parser: tseslint.parser,
			parserOptions: { extraFileExtensions: ['.json'] },
		},
	},
);
