const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

const int64Max = 2n ** 63n - 1n;
const int64Min = -(2n ** 63n);

/**
 * Epoch nanoseconds of an RFC 3339 timestamp; null if the text is not one. Fractional digits beyond the ninth are cut.
 * A moment outside 64 bits (before 1677, after 2262) becomes the nearest limit: the number serves sorting only, and
 * the text is kept.
 */
export function epochNanoseconds(text: string): bigint | null {
  const match = rfc3339.exec(text);
  if (!match) return null;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6])];
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCDate() !== day) return null;
  const offsetMinutes = match[8] ? Number(match[9]) * 60 + Number(match[10]) : 0;
  const minutes = hour * 60 + minute - (match[8] === '-' ? -offsetMinutes : offsetMinutes);
  const seconds = date.getTime() / 1000 + minutes * 60 + second;
  const nanoseconds = Number((match[7] ?? '').slice(0, 9).padEnd(9, '0'));
  return within64Bits(BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds));
}

/** Converts nanoseconds to whole units, rounded down, also before 1970. */
export function flooredTo(unit: bigint, nanoseconds: bigint): bigint {
  return (nanoseconds - remainder(unit, nanoseconds)) / unit;
}

/** RFC 3339 in UTC with `digits` fractional digits, up to 9; further digits are cut. */
export function utcText(nanoseconds: bigint, digits: number): string {
  const fraction = remainder(1_000_000_000n, nanoseconds);
  const whole = new Date(Number((nanoseconds - fraction) / 1_000_000n)).toISOString().slice(0, 19);
  return `${whole}.${String(fraction).padStart(9, '0').slice(0, digits)}Z`;
}

function remainder(unit: bigint, nanoseconds: bigint): bigint {
  const within = nanoseconds % unit;
  return within < 0n ? within + unit : within;
}

/** Clamps a number to 64 bits. */
export function within64Bits(value: bigint): bigint {
  if (value > int64Max) return int64Max;
  return value < int64Min ? int64Min : value;
}
