export * from '../../lib/results.mjs';
