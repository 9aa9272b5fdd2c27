/** One project per level of the test pyramid; `npm run test:unit` is the quick loop. */
const shared = {
	testEnvironment: 'node',
	transform: {
		'^.+\\.ts$': [
			'@swc/jest',
			{ jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
		],
	},
	modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/'],
};

module.exports = {
	// No test is about speed: a busy machine must not make one fail.
	testTimeout: 60_000,
	projects: [
		{
			...shared,
			displayName: 'unit',
			testMatch: ['<rootDir>/test/unit/**/*.test.ts', '<rootDir>/emulator/test/**/*.test.ts'],
		},
		{
			...shared,
			displayName: 'integration',
			testMatch: ['<rootDir>/test/integration/**/*.test.ts'],
		},
		{
			...shared,
			displayName: 'e2e',
			testMatch: ['<rootDir>/test/e2e/**/*.test.ts', '<rootDir>/test/chaos/**/*.test.ts'],
		},
	],
	// `npm test` asks for it: the core that decides about events is covered to the last branch.
	collectCoverageFrom: ['nodes/SendGrid/events/**/*.ts'],
	coverageThreshold: { global: { statements: 100, branches: 100, functions: 100, lines: 100 } },
	coverageReporters: [['text', { skipFull: true }]],
};
