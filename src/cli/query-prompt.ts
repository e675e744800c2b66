import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { draftBeside } from '../drafts.js';
import { endsStatement } from '../query/statement.js';
import { tell } from './output.js';

const statementsKept = 500;

/**
 * Asks for statements on a terminal until the user leaves it. Offers earlier ones again, in later sessions too.
 * @param historyFile keeps them, for the user alone: they may name people
 * @param answer runs a statement until it is done or aborted. It reports its own errors.
 */
export async function prompt(
  historyFile: string,
  answer: (sql: string, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const history = existsSync(historyFile) ? readFileSync(historyFile, 'utf8').split('\n').filter(Boolean) : [];
  const lines = createInterface({
    ...{ input: process.stdin, output: process.stderr, history },
    ...{ historySize: statementsKept, removeHistoryDuplicates: true },
  });
  const keep = (kept: readonly string[]) => {
    const draft = draftBeside(historyFile);
    writeFileSync(draft, `${kept.join('\n')}\n`, { flag: 'wx', mode: 0o600 });
    renameSync(draft, historyFile);
  };
  // The types of Node.js know of no such event.
  (lines as NodeJS.EventEmitter).on('history', keep);
  let underWay = new AbortController();
  let isLeft = false;
  lines.on('SIGINT', () => underWay.abort());
  lines.on('close', () => {
    isLeft = true;
    underWay.abort();
  });
  tell('A statement ends with a semicolon. Ctrl-C ends a query; Ctrl-D or "exit" leaves.');
  for (let sql = ''; !isLeft; ) {
    underWay = new AbortController();
    const { signal } = underWay;
    const line = await lines.question(sql === '' ? 'trawl> ' : '   ... ', { signal }).catch(() => null);
    if (line === null) {
      sql = '';
      tell('');
      continue;
    }
    if (sql === '' && /^\s*(exit|quit|\\q)\s*;?\s*$/i.test(line)) break;
    sql = sql === '' ? line.trimStart() : `${sql}\n${line}`;
    if (!endsStatement(sql)) continue;
    await answer(sql, signal);
    sql = '';
  }
  lines.close();
}
