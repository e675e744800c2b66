#!/usr/bin/env python3
"""Verifies the events of a collector in an archive of Trawl, without Trawl and without its store.

    verify.py COLLECTOR ROOT --key VKEY [--head NOTE] [--prefix PREFIX]

ROOT is the folder of a sink of the kind "files", or a copy of what a sink of the kind "s3" has below its prefix: files of
events, and the folder _proof. Every line is defined in docs/auditing.md.

Exit code 0: proven; 1: not possible; 2: wrong call; 3: contradicted; 4: nothing contradicts, but not all is shown.
Needs Python 3.9, and "cryptography" for the key. Parquet needs pyarrow, zstd needs zstandard.
"""
import argparse
import base64
import gzip
import hashlib
import json
import pathlib
import re
import sys

COLUMNS = "type actor user client gateway group project hostname server from_addr collected_at".split()
KINDS = set("page takeover reset rewind gap clear retention erase reject answer acknowledged setting object compacted key read compared restore".split())
EVENTS = re.compile(r"\.(ndjson|csv)(\.gz|\.zst)?$|\.parquet$")
RAW = ',"raw_event":'
# Numbers stay texts: only their place in the line counts, and they may be of any length.
decoder = json.JSONDecoder(parse_int=str, parse_float=str)
contradictions, unchecked = [], []


def contradict(seq, text):
    contradictions.append((seq if seq is not None else float("inf"), text))


def sha256(data):
    return hashlib.sha256(data).digest()


class Tree:
    """RFC 6962. Equal subtrees join at once; `root` joins what is left, from the right."""

    def __init__(self):
        self.size, self.stack = 0, []

    def append(self, leaf):
        self.size, count = self.size + 1, 1
        while self.stack and self.stack[-1][1] == count:
            leaf, count = sha256(b"\1" + self.stack.pop()[0] + leaf), 2 * count
        self.stack.append((leaf, count))

    def root(self):
        if not self.stack:
            return sha256(b"")
        hashes = [leaf for leaf, _ in self.stack]
        root = hashes.pop()
        while hashes:
            root = sha256(b"\1" + hashes.pop() + root)
        return root


def leaf_of(entry):
    return sha256(b"\0" + entry.encode("utf-8"))


def text_of(value):
    """JSON of a text, or the digest of a long one as it stands there."""
    return json.loads(value) if value.startswith('"') else value


def ranges_of(numbers):
    if numbers == "none":
        return []
    pairs = (one.split("-") for one in numbers.split(","))
    return [(int(pair[0]), int(pair[-1])) for pair in pairs]


# --- signed heads -----------------------------------------------------------------------------------------------------


def key_of(vkey):
    """The name, id and Ed25519 key of a verifier key in Go's form, NAME+ID+KEY."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    name, key_id, encoded = vkey.strip().split("+", 2)
    key = base64.b64decode(encoded)
    if len(key) != 33 or key[0] != 1 or sha256(name.encode() + b"\n" + key)[:4].hex() != key_id:
        raise ValueError("it is not an Ed25519 key, or its id is not that of the key")
    return name, key_id, Ed25519PublicKey.from_public_bytes(key[1:])


def verifies(public, signature, text):
    from cryptography.exceptions import InvalidSignature

    try:
        public.verify(signature, text.encode("utf-8"))
        return True
    except InvalidSignature:
        return False


class Head:
    def __init__(self, note):
        text, _, signatures = note.rpartition("\n\n")
        self.text = (text + "\n") if text else note
        self.origin, size, root = self.text.split("\n")[:3]
        self.size, self.root, self.signatures = int(size), base64.b64decode(root), signatures

    def is_signed_by(self, vkeys):
        for line in self.signatures.split("\n"):
            if not line.startswith("\u2014 ") or line.count(" ") != 2:
                continue
            _, name, encoded = line.split(" ")
            signature = base64.b64decode(encoded)
            for key_name, key_id, public in map(key_of, vkeys):
                if (name, signature[:4].hex()) == (key_name, key_id) and verifies(public, signature[4:], self.text):
                    return True
        return False


# --- files of events --------------------------------------------------------------------------------------------------


def event_leaf(event, raw, extra):
    one_line = lambda text: text.replace("\r", " ").replace("\n", " ")
    said = "\0".join((event["id"], event["timestamp"], one_line(raw), one_line(extra or "")))
    columns = "\0".join(event[name] for name in COLUMNS)
    digest = hashlib.sha256(said.encode("utf-8")).hexdigest()
    return leaf_of(f'trawl-event/1\n{event["collector"]}\n{event["seq"]}\n{digest}\n{columns}')


def end_of(line, at):
    """Where a value ends that is nested more deeply than Python's parser can follow."""
    depth = 0
    for token in re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]').finditer(line, at):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    raise ValueError("a value does not end")


def value_at(line, at):
    try:
        return decoder.raw_decode(line, at)
    except RecursionError:
        return None, end_of(line, at)


def parsed_line(line):
    """An event, with the source's own text of raw_event and extra: a parser would change numbers and escapes."""
    at = line.index(RAW) + len(RAW)  # A quote within a text is escaped, so the first one is the member.
    event = json.loads(line[: at - len(RAW)] + "}")
    raw, end = value_at(line, at)
    raw_text, extra = (raw if isinstance(raw, str) else line[at:end]), None
    if line.startswith(',"extra":', end):
        begin = end + len(',"extra":')
        value, end = value_at(line, begin)
        extra = value if isinstance(raw, str) else line[begin:end]
    event.update(json.loads("{" + line[end + 1 :]))
    return event, raw_text, extra


def unpacked(path):
    data = path.read_bytes()
    if path.name.endswith(".gz"):
        return gzip.decompress(data)
    if path.name.endswith(".zst"):
        import zstandard

        return zstandard.ZstdDecompressor().decompress(data)
    return data


def events_of(path):
    """Yields the events of a file of the schema "native"; raises if it is of another one."""
    if path.name.endswith(".parquet"):
        import pyarrow.parquet

        for batch in pyarrow.parquet.ParquetFile(path).iter_batches(2_000):
            for row in batch.to_pylist():
                at = row["collected_at"]
                row["collected_at"] = at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
                yield row, row["raw_event"], row["extra"]
        return
    for line in unpacked(path).decode("utf-8").split("\n"):
        if line:
            yield parsed_line(line)


# --- the proof --------------------------------------------------------------------------------------------------------


def proof_folder(root, collector):
    folders = sorted((root / "_proof" / collector).glob("*-*"), key=lambda one: int(one.name.rpartition("-")[2]))
    if not folders:
        sys.exit(f"There is no proof of {collector} below {root}/_proof.")
    return folders[-1]


def in_order(folder):
    """Files named FIRST-LAST, in the order of their first numbers: two attempts may have written the same ones."""
    return sorted(folder.glob("*")) if folder.is_dir() else []


def read_hashes(base):
    hashes = bytearray()
    for path in in_order(base / "events"):
        first = int(path.name.partition("-")[0])
        data = path.read_bytes()
        have = len(hashes) // 32
        if first > have + 1:
            contradict(have + 1, f"The hashes of the events {have + 1} to {first - 1} are missing.")
            break
        begin = (have + 1 - first) * 32
        overlap = min(len(data), begin)
        if bytes(hashes[(first - 1) * 32 : (first - 1) * 32 + overlap]) != data[:overlap]:
            contradict(first, f"{path.name} has other hashes than the file before.")
        hashes += data[begin:]
    return hashes


def read_entries(base):
    entries = []
    for path in in_order(base / "journal"):
        for line in path.read_text("utf-8").split("\n"):
            if not line:
                continue
            one = json.loads(line)
            if one["number"] <= len(entries):
                if entries[one["number"] - 1] != one["entry"]:
                    contradict(None, f'Entry {one["number"]} of the journal is there twice, and not the same.')
            elif one["number"] == len(entries) + 1:
                entries.append(one["entry"])
            else:
                contradict(None, f"Entry {len(entries) + 1} of the journal is missing.")
                return entries
    return entries


class Proof:
    """What the journal says, and whether the hashes of the events agree with it."""

    def __init__(self, collector, entries, hashes, heads):
        self.collector, self.hashes = collector, hashes
        self.cleared, self.erased, self.objects, self.key_entries, self.restores = [], set(), {}, [], []
        self.events, self.known, wrong = 0, [], []
        self.tree, journal = Tree(), Tree()
        self.store = heads[0][1].origin.split("/")[-3] if heads else ""
        for number, entry in enumerate(entries, 1):
            journal.append(leaf_of(entry))
            self.read(number, entry)
            root = None
            for path, head in heads:
                if head.size == number:
                    root = root or journal.root()
                    if head.root == root:
                        self.known.append((path, head, self.events))
                    else:
                        wrong.append((head, f"The first {number} entries of the journal are not those of {path}."))
        for path, head in heads:
            if head.size > len(entries):
                wrong.append((head, f"{path} has {head.size} entries, the journal {len(entries)}: it was cut."))
        for head, text in wrong:
            restored = [number for number, lost in self.restores if head.size <= lost]
            if restored:
                unchecked.append(f"{text} The store was set back, says entry {restored[0]}: what that head had is lost")
            else:
                contradict(None, text)

    def read(self, number, entry):
        version, *lines = entry.split("\n")
        fields = dict(line.split(" ", 1) for line in lines if line)
        kind = fields.get("kind")
        if version != "trawl-journal/1" or kind not in KINDS:
            unchecked.append(f"entry {number} of the journal is of a later version")
            return
        if kind in ("page", "takeover"):
            self.grow(number, int(fields["size"]), base64.b64decode(fields["root"]))
        elif kind == "clear":
            self.cleared.append((1, int(fields["upto"])))
        elif kind == "retention":
            self.cleared += ranges_of(fields["seqs"])
        elif kind == "erase":
            self.erased.add(int(fields["seq"]))
        elif kind == "restore":
            self.restores.append((number, int(fields["lost"])))
        elif kind == "key":
            self.key_entries.append(fields)
        elif kind in ("object", "compacted"):
            name = (text_of(fields["sink"]), text_of(fields["name"]))
            for old in json.loads(fields.get("old", "[]")):
                self.objects.pop((name[0], old), None)
            self.objects[name] = {**fields, "entry": number}

    def grow(self, number, size, root):
        while self.tree.size < size:
            at = self.tree.size * 32
            if at + 32 > len(self.hashes):
                contradict(self.tree.size + 1, f"The hash of event {self.tree.size + 1} is missing.")
                return
            self.tree.append(bytes(self.hashes[at : at + 32]))
        self.events = size
        if self.tree.root() != root:
            contradict(size, f"The hashes of the events up to {size} are not those that entry {number} of the journal names.")

    def trusted(self, vkeys):
        """The given keys, and each that one of them, or a follower, has named."""
        trusted = list(vkeys)
        for entry in self.key_entries:
            if entry["new"] in trusted or entry["old"] not in trusted:
                continue
            text = f'trawl-key/1\n{self.store}/{self.collector}\n{entry["at"]}\n{entry["old"]}\n{entry["new"]}\n'
            if verifies(key_of(entry["old"])[2], base64.b64decode(entry["signature"]), text):
                trusted.append(entry["new"])
        return trusted

    def why_gone(self, seq):
        if seq in self.erased:
            return "erased"
        if any(first <= seq <= last for first, last in self.cleared):
            return "cleared"
        is_gone = self.hash_of(seq) == leaf_of(f"trawl-gone/1\n{self.collector}\n{seq}\n")
        return "gone before the proof" if is_gone else None

    def hash_of(self, seq):
        return bytes(self.hashes[(seq - 1) * 32 : seq * 32])


def check_files(root, proof, prefix):
    """Compares each file with the journal, and each of its events with the hashes. @returns the numbers of the events"""
    seen, found, strange, others, as_bytes = set(), set(), [], {}, 0
    by_name = {name: (sink, fields) for (sink, name), fields in proof.objects.items()}
    for path in sorted(one for one in root.rglob("*") if one.is_file()):
        name = path.relative_to(root).as_posix()
        if name.startswith("_proof/") or any(part.startswith(".") for part in name.split("/")) or not EVENTS.search(name):
            continue
        sink, fields = by_name.get(prefix + name, (None, None))
        before = len(contradictions)
        count, in_file = 0, set()
        try:
            for event, raw, extra in events_of(path):
                count += 1
                seq = event["seq"]
                if event["collector"] != proof.collector:
                    others[event["collector"]] = others.get(event["collector"], 0) + 1
                    continue
                if seq in in_file:
                    contradict(seq, f"Event {seq} is twice in {name}.")
                in_file.add(seq)
                if seq > proof.events:
                    unchecked.append(f"event {seq} in {name} came after the newest head")
                elif seq < 1 or extra == "" or event_leaf(event, raw, extra) != proof.hash_of(seq):
                    contradict(seq, f"Event {seq} in {name} is not the one that was collected.")
                seen.add(seq)
        except ImportError as error:
            unchecked.append(f"{name} cannot be read without {error.name}")
        except (ValueError, KeyError, OSError, EOFError) as error:
            if fields is None:
                contradict(None, f"{name} cannot be read after {count} events: {error}.")
            else:  # Of another schema or format: compared byte for byte.
                as_bytes += int(fields["events"])
        if fields is None:
            strange.append(name)
            continue
        found.add(prefix + name)
        if hashlib.sha256(path.read_bytes()).hexdigest() != fields["sha256"]:
            # The first of its events that was changed, if that is known.
            changed = [seq for seq, _ in contradictions[before:]]
            first = min(changed or [first for first, _ in ranges_of(fields.get("seqs", "none"))], default=None)
            contradict(first, f'{name} is not the file that {sink} has confirmed (entry {fields["entry"]}).')
    for collector, count in others.items():
        unchecked.append(f"{count} events are of the collector {collector}")
    if strange:
        unchecked.append(f"{len(strange)} files are named by no entry of the journal: first {strange[0]}")
    lacking = [name for name in by_name if name not in found]
    if lacking:
        unchecked.append(f"{len(lacking)} files that the journal names are not there: first {lacking[0]}")
    return seen, len(found), as_bytes


def verdict(proof, seen, files, as_bytes):
    missing = {}
    for seq in range(1, proof.events + 1):
        if seq not in seen:
            missing.setdefault(proof.why_gone(seq) or "in none of the files", []).append(seq)
    print(f"{proof.collector}: {proof.events} events; {len(seen)} recomputed from {files} files")
    for why, seqs in missing.items():
        print(f"  {len(seqs)} are {why}, first {seqs[0]}")
    kept = len(missing.get("in none of the files", [])) - as_bytes
    if as_bytes:
        print(f"  {as_bytes} are in files of another form, compared byte for byte")
    if kept > 0:
        unchecked.append(f"{kept} events are in none of the files")
    if not proof.known:
        unchecked.append("no head that is signed, or was kept elsewhere, stands for the journal")
    if contradictions:
        seq, _ = min(contradictions)
        for _, text in sorted(contradictions)[:100]:
            print(f"CONTRADICTED: {text}")
        where = f", first at event {seq}" if seq != float("inf") else ""
        print(f"CONTRADICTED: the archive of {proof.collector} is not what was collected{where}.")
        return 3
    for text in unchecked:
        print(f"not shown: {text}")
    if unchecked:
        print(f"NOTHING CONTRADICTS the events of {proof.collector} up to {proof.events}, but not all is shown.")
        return 4
    upto = max(events for _, _, events in proof.known)
    print(f"PROVEN: no event of {proof.collector} up to {upto} was changed, inserted or removed since its head was made.")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("collector")
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--key", action="append", default=[], help="signs the heads (NAME+ID+KEY); may be repeated")
    parser.add_argument("--head", type=pathlib.Path, action="append", default=[], help="a head that was kept elsewhere")
    parser.add_argument("--prefix", default="", help="prefix of the sink's objects in its bucket")
    given = parser.parse_args()
    try:
        for vkey in given.key:
            key_of(vkey)
    except (ValueError, ImportError) as error:
        parser.error(f"--key: {error}")
    base = proof_folder(given.root, given.collector)
    own = [(path, Head(path.read_text("utf-8"))) for path in in_order(base / "heads")]
    kept = [(path, Head(path.read_text("utf-8"))) for path in given.head]
    proof = Proof(given.collector, read_entries(base), read_hashes(base), own + kept)
    for path, head in own + kept:
        if not head.origin.endswith(f"{proof.store}/{given.collector}/journal"):
            contradict(None, f"{path} is not a head of the journal of {given.collector} in this store.")
    if given.key:
        trusted = proof.trusted(given.key)
        for path, head in own + kept:
            if not head.is_signed_by(trusted):
                contradict(None, f"{path} is not signed by the given key.")
    else:  # What nobody has signed may have been made anew with the files.
        proof.known = [one for one in proof.known if one[0] in given.head]
    return verdict(proof, *check_files(given.root, proof, given.prefix))


if __name__ == "__main__":
    sys.exit(main())
