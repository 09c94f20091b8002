// What an exported module brings along: of these functions those that it calls. A function calls only those above it.

function cell(row, name) {
  if (!Object.prototype.hasOwnProperty.call(row, name)) {
    throw new Error(`expected a column ${JSON.stringify(name)}, found none`);
  }
  return row[name];
}

function missing(x) {
  return x === null || x === undefined || x !== x || (typeof x === "string" && MISSING.has(x.trim().toLowerCase()));
}

function number(x) {
  if (missing(x)) return NaN;
  const y = typeof x === "object" || /[box]/i.test(x) ? NaN : Number(x); // [] would be 0, and 0x1F 31
  if (!Number.isFinite(y)) throw new Error(`expected a finite number, found ${String(x).slice(0, 60)}`);
  return ABSENT.has(y) ? NaN : y;
}

function word(x) {
  if (missing(x)) return null;
  const text = String(x).replace(UNSEEN, "").replace(BLANKS, " ").trim();
  return MISSING.has(text.toLowerCase()) ? null : text;
}

function days(x, patterns) {
  if (missing(x)) return NaN;
  if (typeof x === "number") return x;
  if (x instanceof Date) return x.getTime() / 864e5;
  for (const [pattern, letters] of patterns) {
    const found = pattern.exec(String(x).trim());
    if (!found) continue;
    const part = {};
    [...letters].forEach((letter, i) => { part[letter] = found[i + 1]; });
    const named = MONTHS.findIndex((name) => [name, name.slice(0, 3)].includes(part.b?.toLowerCase()));
    const month = part.b === undefined ? Number(part.m) : named + 1;
    const time = ["H", "M", "S"].map((letter) => Number(part[letter] ?? 0));
    if (part.p !== undefined) time[0] = (time[0] % 12) + (part.p.toLowerCase() === "pm" ? 12 : 0);
    const year = Number(part.Y ?? (part.y < "70" ? "20" : "19") + part.y);
    const day = new Date(0).setUTCFullYear(year, month - 1, Number(part.d ?? 1)); // Date.UTC takes the year 1 for 1901
    if (new Date(day).getUTCDate() !== Number(part.d ?? 1) || month < 1 || month > 12) break;
    const east = (part.z ?? "Z").replace("Z", "+00").replace(":", ""); // hours and minutes ahead of UTC
    const minutes = Number(east[0] + "1") * (Number(east.slice(1, 3)) * 60 + Number(east.slice(3)));
    return day / 864e5 + (time[0] * 3600 + (time[1] - minutes) * 60 + time[2] + Number(part.f ?? 0)) / 86400;
  }
  throw new Error(`expected a date, found ${String(x).slice(0, 60)}`);
}

function look(word, table, other, missing, fold) {
  return word === null ? missing : table.get(fold ? word.toLowerCase() : word) ?? other;
}

function contained(text, words) {
  const lower = (text ?? "").replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return words.map((spellings) => Number(spellings.some((each) => lower.includes(each))));
}

function scale(x, [centre, width, shift], bend) {
  const z = Math.min(Math.max((x / 2 - centre / 2) / (width / 2), -1e30), 1e30) + shift;
  return bend ? z / Math.sqrt(1 + (z / 3) * (z / 3)) : z;
}

function passed(x, low, high) {
  return Math.min(Math.max((x / 2 - low / 2) / (high / 2 - low / 2), 0), 1);
}

function swing(x, period) {
  const angle = 2 * Math.PI * (x / period - Math.floor(x / period));
  return [(1 + Math.sin(angle)) / 2, (1 + Math.cos(angle)) / 2];
}

function matrix(a, W, b) {
  // Four units at once: each sum waits for its own last term alone.
  const n = b.length, count = a.length, z = new Float32Array(n), f = Math.fround;
  let j = 0;
  for (; j + 3 < n; j += 4) {
    const at = j * count;
    let p = b[j], q = b[j + 1], r = b[j + 2], s = b[j + 3];
    for (let i = 0; i < count; i++) {
      const x = a[i];
      p = f(p + f(W[at + i] * x));
      q = f(q + f(W[at + count + i] * x));
      r = f(r + f(W[at + 2 * count + i] * x));
      s = f(s + f(W[at + 3 * count + i] * x));
    }
    z[j] = p; z[j + 1] = q; z[j + 2] = r; z[j + 3] = s;
  }
  for (; j < n; j++) {
    let sum = b[j];
    for (let i = 0, at = j * count; i < count; i++, at++) sum = f(sum + f(W[at] * a[i]));
    z[j] = sum;
  }
  return z;
}

function softplus(z) {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}

function erf(x) {
  // By its series, and from 2 on by the continued fraction of erfc: Abramowitz & Stegun 7.1.6 and 7.1.14.
  const y = Math.abs(x);
  let value = 0;
  if (y < 2) {
    let term = y;
    for (let n = 0; n < 60 && term > 1e-18; n++) { value += term; term *= 2 * y * y / (2 * n + 3); }
    value *= 2 / Math.sqrt(Math.PI) * Math.exp(-y * y);
  } else {
    let f = y;
    for (let n = 60; n > 0; n--) f = y + n / 2 / f;
    value = 1 - Math.exp(-y * y) / (Math.sqrt(Math.PI) * f);
  }
  return x < 0 ? -value : value;
}

function softmax(z) {
  const top = Math.max(...z), e = Array.from(z, (x) => Math.exp(x - top));
  const whole = e.reduce((a, b) => a + b, 0);
  return Float32Array.from(e, (x) => x / whole);
}

function shares(x) {
  const positive = Array.from(x, (p) => Math.max(p, 1e-12)), whole = positive.reduce((a, b) => a + b, 0);
  return positive.map((p) => p / whole);
}
