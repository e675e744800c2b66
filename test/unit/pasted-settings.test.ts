import { describe, expect, it } from 'vitest';
import type { SettingDefinition } from '../../src/settings/definition.js';
import { resolveValues } from '../../src/settings/values.js';
import { sinks } from '../../src/sinks/registry.js';
import { sources } from '../../src/sources/registry.js';

const definitions = [...sources, ...sinks].flatMap(({ kind, settings }) =>
  settings.map((setting) => [`${kind} ${setting.key}`, setting] as const),
);
const keys = definitions.filter(([, { characters }]) => characters === 'key');
const checked = definitions.filter(([, { characters }]) => characters === undefined || characters === 'key');
const passwords = definitions.filter(([, { characters }]) => characters === 'password');

function problemsOf(definition: SettingDefinition, text: string): string {
  const { values, problems } = resolveValues(
    { settings: [definition] as never },
    'a test',
    {},
    { [definition.env]: text },
  );
  expect(values).toEqual({});
  return (problems ?? []).join('; ');
}

describe.each(checked)('%s that was pasted', (_, definition) => {
  it.each([
    ['hunter2\u200b', 'an invisible character'],
    ['\ufeffhunter2', 'an invisible character'],
    ['hun\u00adter2', 'an invisible character'],
    ['hunter2\u202e', 'an invisible character'],
    ['hunter2\u00a0', 'a no-break or other special space'],
    ['hun\u3000ter2', 'a no-break or other special space'],
    ['hunter2\r', 'a carriage return'],
    ['hunter2\n', 'a line break'],
    ['\thunter2', 'a tab'],
    ['hun\u0007ter2', 'a control character'],
    [' hunter2', 'a space at one end'],
    ['"hunter2"', 'quotation marks around it'],
    ["'hunter2'", 'quotation marks around it'],
    ['\u201chunter2\u201d', 'typographic quotation marks'],
    ['hunter2\ufffd', 'a character that was lost'],
    ['$\x7bHUNTER2}', 'the form of a variable'],
    ['$HUNTER2', 'the form of a variable'],
  ])('as %j is refused by the kind of character, without the value', (text, kind) => {
    const problems = problemsOf(definition, text);
    expect(problems).toContain(`${definition.env} must be`);
    expect(problems).toContain(`it has ${kind}`);
    expect(problems).not.toMatch(/hun|ter2/i);
  });
});

describe.each(passwords)('%s, which a person chose,', (_, definition) => {
  it.each(['$ummer2026', '"quoted"', 'p\u00e4ss w\u00f6rd', '$HOME'])('may be %j', (text) => {
    const { problems } = resolveValues({ settings: [definition] as never }, 'a test', {}, { [definition.env]: text });
    expect((problems ?? []).filter((problem) => problem.includes('it has'))).toEqual([]);
  });

  it.each(['hunter2\u200b', 'hunter2\u00a0', 'hunter2\r'])('is refused as %j', (text) => {
    expect(problemsOf(definition, text)).toContain('it has');
  });
});

describe.each(keys)('%s, a key,', (_, definition) => {
  it.each([
    ['Bearer hunter2', 'a space'],
    ['"hunter2', 'a quotation mark'],
    ['hunter\u20132', 'a typographic dash'],
    ['hunter\u2026', 'dots that stand for hidden characters'],
    ['\u2022\u2022\u2022\u2022hunter2', 'dots that stand for hidden characters'],
    ['h\u0443nter2', 'a character outside ASCII'],
  ])('as %j is refused too', (text, kind) => {
    const problems = problemsOf(definition, text);
    expect(problems).toContain(`it has ${kind}`);
    expect(problems).not.toMatch(/hun|nter2/);
  });
});

it('every secret is a key, unless it is a password or a whole document', () => {
  const others = definitions.filter(([, { secret, characters }]) => secret === true && characters !== 'key');
  expect(others.map(([name]) => name).sort()).toEqual([
    'elasticsearch password',
    'skyflow skyflowCredentials',
    'webhook authorization',
    'webhook signingSecret',
  ]);
});
