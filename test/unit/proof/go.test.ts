import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { hashBytes, leafHashLatin1 } from '../../../src/proof/hashes.js';
import { newSigningKey, openedNote, signerOf } from '../../../src/proof/note.js';
import { consistencyProof, inclusionProof, type ReadHashes } from '../../../src/proof/proofs.js';
import { type Tile, Tree, tileHashes } from '../../../src/proof/tree.js';

interface Go {
  /** As in `go.mod`, such as `1.26.8`. */
  version: string;
  /** The packages, which Go's own command contains. */
  sumdb: string;
}

function installedGo(): Go | undefined {
  try {
    const said = execFileSync('go', ['env', 'GOROOT', 'GOVERSION'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [root, version] = said.toString().trim().split('\n');
    const sumdb = join(root!, 'src/cmd/vendor/golang.org/x/mod/sumdb');
    const number = /^go(\d+\.\d+)/.exec(version!)?.[1];
    return number && existsSync(join(sumdb, 'tlog')) ? { version: number, sumdb } : undefined;
  } catch {
    return undefined;
  }
}

const go = installedGo();
const program = fileURLToPath(new URL('../../fixtures/go-tlog/main.go', import.meta.url));

const sizes = [...Array.from({ length: 1_031 }, (_, size) => size), 65_535, 65_536, 65_537];

it.skipIf(go === undefined)(
  'roots, tiles, proofs, keys and notes are those of Go (skipped where Go is absent)',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trawl-go-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    cpSync(program, join(folder, 'main.go'));
    for (const name of ['tlog', 'note'])
      cpSync(join(go!.sumdb, name), join(folder, 'mod/sumdb', name), { recursive: true });
    const module = (name: string, rest = '') => `module ${name}\n\ngo ${go!.version}\n${rest}`;
    writeFileSync(join(folder, 'mod/go.mod'), module('golang.org/x/mod'));
    writeFileSync(
      join(folder, 'go.mod'),
      module('compare', '\nrequire golang.org/x/mod v0.0.0\nreplace golang.org/x/mod => ./mod\n'),
    );

    const tree = new Tree();
    const roots: string[] = [];
    for (const size of sizes) {
      while (tree.size < size) tree.append(leafHashLatin1(`entry ${tree.size}`));
      roots.push(tree.root().toString('base64'));
    }
    const changed = tree.takeChanged();
    const tiles = changed.map(({ level, number, hashes }) => [`${level}/${number}`, hashes.toString('base64')]);
    const { included, consistent } = await proofsOf(changed);
    const key = newSigningKey('trawl.example');
    const { vkey, sign } = signerOf(key)!;
    const note = sign({ origin: 'trawl.example/7f3a/asa/events', size: tree.size, root: tree.root() });

    const input = { key, verifier: vkey, note, sizes, tiles: Object.fromEntries(tiles), included, consistent };
    const output = execFileSync('go', ['run', '.'], {
      cwd: folder,
      input: JSON.stringify(input),
      encoding: 'utf8',
      env: { ...process.env, GOFLAGS: '', GOPROXY: 'off', GOWORK: 'off', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' },
    });
    const theirs = JSON.parse(output) as { roots: string[]; tiles: number; different: string[]; signed: string };
    expect(theirs.roots).toEqual(roots);
    expect(theirs.tiles).toBe(257 + 1 + 1);
    expect(theirs.different).toEqual([]);
    // Ed25519 signs the same text in the same way.
    expect(theirs.signed).toBe(note);
    expect(openedNote(theirs.signed, vkey)).toMatchObject({ isSigned: true });
  },
);

/** Proofs within trees of these sizes, in the form of Go's program, which checks each. */
async function proofsOf(tiles: readonly Tile[]) {
  const byPlace = new Map(tiles.map((tile) => [`${tile.level}/${tile.number}`, tile.hashes]));
  const read: ReadHashes = async (level, index, count) => {
    const at = (index % tileHashes) * hashBytes;
    return byPlace.get(`${level}/${Math.floor(index / tileHashes)}`)!.subarray(at, at + count * hashBytes);
  };
  const texts = (proof: readonly Buffer[]) => proof.map((hash) => hash.toString('base64'));
  const trees = [1, 2, 3, 5, 8, 255, 256, 257, 600, 1_030, 65_535, 65_536, 65_537];
  const included = [];
  const consistent = [];
  for (const size of trees) {
    for (const index of new Set([0, 1, 255, 256, size >> 1, size - 1].filter((at) => at < size)))
      included.push({ Index: index, Size: size, Proof: texts(await inclusionProof(index, size, read)) });
    for (const before of trees.filter((one) => one <= size))
      consistent.push({ Before: before, Size: size, Proof: texts(await consistencyProof(before, size, read)) });
  }
  return { included, consistent };
}
