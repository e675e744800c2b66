import { defineConfig } from 'vitest/config';
import config, { servers } from '../../vitest.config.js';

// Without the projects, each of which runs other tests.
const { projects, ...shared } = config.test!;

export default defineConfig({ test: { ...shared, globalSetup: servers, include: ['test/replay/record.ts'] } });
