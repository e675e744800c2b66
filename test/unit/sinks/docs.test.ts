import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withoutDefault } from '../../../src/settings/definition.js';
import { sinks } from '../../../src/sinks/registry.js';

describe.each(sinks)('the docs of $kind', ({ kind, settings }) => {
  const lines = readFileSync(new URL(`../../../docs/sinks/${kind}.md`, import.meta.url), 'utf8').split('\n');

  it.each(settings)('describe the setting $key as the code does', (setting) => {
    const row = lines.find((line) => line.startsWith(`| \`SINK_NAME_${setting.env}\` `));
    for (const part of [setting.key, setting.meaning, setting.expected, setting.default ?? withoutDefault(setting)])
      expect(row).toContain(part);
  });
});

it('keys and variables have the form that the settings reader expects, and secrets are marked', () => {
  for (const { key, env, secret, guarded } of sinks.flatMap(({ settings }) => settings)) {
    expect(key).toMatch(/^[a-z][A-Za-z]*$/);
    expect(env).toBe(key.replace(/[A-Z]/g, '_$&').toUpperCase());
    if (/token|secret|password|apiKey|authorization/i.test(key)) expect(secret).toBe(true);
    if (/url|address|File$/.test(key)) expect(guarded).toBe(true);
  }
});
