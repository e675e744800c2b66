import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anchorHead, foundFork } from '../../src/anchoring/anchor.js';
import { eventLeaf } from '../../src/proof/event-leaf.js';
import { leafHashLatin1 } from '../../src/proof/hashes.js';
import { openedNote, parsedHead } from '../../src/proof/note.js';
import { Tree } from '../../src/proof/tree.js';
import { files } from '../../src/sinks/files/sink.js';
import type { ProofFolder } from '../../src/sinks/sink.js';
import type { Store } from '../../src/stores/store.js';
import { verifyCollector } from '../../src/stores/verify.js';
import { temporary } from '../support/archive.js';
import { open } from '../unit/sinks/support.js';
import { event, page } from './pages.js';
import type { StoreUnderTest } from './store-suite.js';

/** Heads of the proof in the folder of a sink, for a kind of store. */
export function anchorsSuite(name: string, create: () => Promise<StoreUnderTest>): void {
  describe(`anchors of ${name}`, () => {
    let place: StoreUnderTest;
    let store: Store;
    let root: string;
    let folder: ProofFolder;
    const at = () => ({ collector: 'asa', place: 'sink:archive', folder });

    beforeEach(async () => {
      place = await create();
      store = await place.open();
      root = temporary();
      folder = open(files, { PATH: root }).proofFolder!;
    });
    afterEach(async () => {
      await store.close();
      await place.remove();
    });

    async function read(count: number): Promise<void> {
      const { lastOffset: offset, lastSeq, pages } = await store.checkpoint('asa');
      const events = Array.from({ length: count }, (_, index) => event(`e${lastSeq + index}`));
      await store.writePage(page(events, { offset, nextOffset: `o${pages + 1}`, more: true, followed: true }));
    }

    const names = (kind: string): string[] => {
      const [base] = readdirSync(join(root, '_proof/asa')).sort().slice(-1);
      return readdirSync(join(root, '_proof/asa', base!, kind))
        .sort()
        .map((one) => join(root, '_proof/asa', base!, kind, one));
    };
    const headOf = (path: string) => {
      const text = readFileSync(path, 'utf8');
      return openedNote(text, '')?.head ?? parsedHead(text)!;
    };

    it('have everything that somebody needs to verify the events without the store', async () => {
      await read(300);
      expect(await anchorHead(store, at())).toBe(true);
      await read(250);
      await read(1);
      expect(await anchorHead(store, at())).toBe(true);
      expect(await anchorHead(store, at())).toBe(true);
      expect(names('heads').map((path) => headOf(path).size)).toEqual([1, 3]);

      const journal = new Tree();
      const entries = names('journal').flatMap((path) => readFileSync(path, 'utf8').trim().split('\n'));
      for (const line of entries) journal.append(leafHashLatin1((JSON.parse(line) as { entry: string }).entry));
      expect(journal.root()).toEqual(headOf(names('heads').at(-1)!).root);
      const rows = await store.proof.rows('asa', { afterSeq: 0, upToSeq: 600, limit: 600 });
      const hashes = Buffer.concat(names('events').map((path) => readFileSync(path)));
      expect(hashes.toString('latin1')).toBe(rows.map((row) => eventLeaf('asa', row)).join(''));
      const [standing] = await store.standings();
      expect(standing).toMatchObject({ forked: null, anchor: { isBehind: false } });
    });

    it('are kept by every attempt of whoever dies in between, and by two at once', async () => {
      await read(300);
      for (let effects = 0; ; effects += 1) {
        let left = effects;
        const mortal: ProofFolder = {
          ...folder,
          keep: async (...given) => {
            if (left-- === 0) throw new Error('killed');
            return folder.keep(...given);
          },
        };
        const error = await anchorHead(store, { ...at(), folder: mortal }).catch((thrown: Error) => thrown.message);
        if (error !== 'killed') break;
        await read(2);
      }
      await read(2);
      expect(await Promise.all([anchorHead(store, at()), anchorHead(store, at())])).toEqual([true, true]);
      expect(headOf(names('heads').at(-1)!).size).toBe((await store.proof.state('asa')).entries);
    });

    it('of a store that was set back are found, nothing is signed, and a new epoch goes on', async () => {
      await read(10);
      await anchorHead(store, at());
      await place.execute('CREATE TABLE kept AS SELECT * FROM proof_anchors');
      const tables = [
        'proof_heads',
        'proof_journal',
        'proof_tiles',
        'audit_checkpoints',
        'audit_pages',
        'audit_events',
      ];
      for (const table of tables) await place.execute(`CREATE TABLE kept_${table} AS SELECT * FROM ${table}`);
      await read(10);
      await anchorHead(store, at());
      const lostHead = headOf(names('heads').at(-1)!);
      await place.execute('DELETE FROM proof_anchors; INSERT INTO proof_anchors SELECT * FROM kept');
      for (const table of tables)
        await place.execute(`DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM kept_${table}`);
      for (const table of ['kept', ...tables.map((one) => `kept_${one}`)]) await place.execute(`DROP TABLE ${table}`);

      expect(await anchorHead(store, at())).toBe(false);
      // Other events, and more of them, take the place of the lost ones.
      for (const count of [7, 7, 7]) await read(count);
      const lost = { size: lostHead.size, root: lostHead.root.toString('base64') };
      expect(await foundFork(store, at())).toEqual(lost);
      const [standing] = await store.standings();
      expect(standing?.forked).toMatch(/^The proof is signed no longer: .*\[PROOF_FORKED\]$/);
      const verdict = () => verifyCollector(store.proof, 'asa', { heads: [lostHead] });
      expect((await verdict()).contradictions).toHaveLength(1);

      expect(await store.anchors.goOn('asa', lost)).toBe(true);
      expect(await store.anchors.goOn('asa', lost)).toBe(false);
      expect(await verdict()).toMatchObject({
        contradictions: [],
        unchecked: [expect.stringMatching(/the store was set back at .* \(entry 5 of the journal\)/)],
      });
      expect(await anchorHead(store, at())).toBe(true);
      expect(readdirSync(join(root, '_proof/asa'))).toHaveLength(2);
      expect((await store.standings())[0]).toMatchObject({ forked: null, anchor: { isBehind: false } });
    });

    it('that were exchanged are found', async () => {
      await read(10);
      await anchorHead(store, at());
      await read(10);
      const [path] = names('heads');
      const { origin, size } = headOf(path!);
      writeFileSync(path!.replace(/\d+\.note$/, '000000000002.note'), `${origin}\n${size + 1}\n${'A'.repeat(43)}=\n`);
      expect(await anchorHead(store, at())).toBe(false);
    });

    it('are not kept where hashes are missing from the store', async () => {
      await read(300);
      await place.execute("DELETE FROM proof_tiles WHERE log = 'events' AND level = 0 AND number = 0");
      await expect(anchorHead(store, at())).rejects.toThrow(RangeError);
      await place.execute("DELETE FROM proof_tiles WHERE log = 'journal'");
      await expect(anchorHead(store, at())).rejects.toThrow(RangeError);
      expect(await folder.after(`_proof/asa/${(await store.proof.state('asa')).store}-1/heads`, '')).toEqual([]);
    });

    it('are not kept where another file has their names', async () => {
      await read(10);
      await folder.keep(
        `_proof/asa/${(await store.proof.state('asa')).store}-1/events/000000000001-000000000010.hashes`,
        Buffer.from('x'),
      );
      await expect(anchorHead(store, at())).rejects.toMatchObject({ code: 'SINK_REFUSED' });
    });
  });
}
