import tseslint from 'typescript-eslint';

const bans = [
  { name: 'tsyringe', message: 'only core/sdk/tsyringe.ts may import tsyringe' },
  { name: 'undici', message: 'only core/vault/transport.ts may import undici' },
  { name: 'pino', message: 'only core/telemetry/logger.ts may import pino' },
];

export default tseslint.config(
  { ignores: ['dist/**', 'bundle/**', 'node_modules/**', 'test/golden/**'] },
  {
    files: ['core/**/*.ts', 'plugins/**/*.ts', 'test/**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-imports': ['error', { paths: bans }],
    },
  },
  {
    files: ['core/sdk/tsyringe.ts', 'core/vault/transport.ts', 'core/telemetry/logger.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      'no-restricted-imports': 'off',
    },
  },
);
