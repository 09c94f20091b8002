"""What a C file brings along: functions of its own, and mathematics where there is no libm."""

from __future__ import annotations

RUNTIME = {
    "same": """
static int same(const char *a, const char *b, int fold) {
  for (; *a != '\\0' || *b != '\\0'; a++, b++) {
    char x = *a, y = *b;
    if (fold && x >= 'A' && x <= 'Z') x = (char)(x + 32);
    if (fold && y >= 'A' && y <= 'Z') y = (char)(y + 32);
    if (x != y) return 0;
  }
  return 1;
}
""",
    "known": """
static const char *known(const char *cell) {
  int i;
  if (cell == 0 || *cell == '\\0') return 0;
  for (i = 0; missing[i] != 0; i++) {
    if (same(cell, missing[i], 1)) return 0;
  }
  return cell;
}
""",
    "look": """
static double look(const char *cell, const char *const *words, const double *values, int n, double other, double none,
                   int fold) {
  int i;
  if (cell == 0) return none;
  for (i = 0; i < n; i++) {
    if (words[i] != 0 && same(cell, words[i], fold)) return values[i];
  }
  return other;
}
""",
    "number": """
static double number(double x) {
  int i;
  for (i = 1; i < (int)(sizeof absent / sizeof absent[0]); i++) {
    if (x == absent[i]) return absent[0];
  }
  return x;
}
""",
    "within": """
static double within(double x, double low, double high) {
  return x < low ? low : x > high ? high : x;
}
""",
    "scale": """
static double scale(double x, const double *s, int bend) {
  const double z = within((x / 2 - s[0] / 2) / (s[1] / 2), -1e30, 1e30) + s[2];
  return bend ? z / f_sqrt(1 + (z / 3) * (z / 3)) : z;
}
""",
    "passed": """
static double passed(double x, double low, double high) {
  return within((x / 2 - low / 2) / (high / 2 - low / 2), 0, 1);
}
""",
    "recall": """
static double recall(double x, const double (*table)[2], int n) {
  int i;
  for (i = 0; i < n; i++) {
    if (table[i][0] == x) return table[i][1];
  }
  return 0;
}
""",
    "turned": """
static double turned(double x, double period) {
  const double turns = x / period;
  return 6.283185307179586 * (turns - f_floor(turns));
}
""",
    "matrix": """
static void matrix(const float *W, const float *b, const float *a, int n_in, int n_out, float *z) {
  int i, j;
  for (j = 0; j < n_out; j++) z[j] = b[j];
  for (i = 0; i < n_in; i++) {
    const float x = a[i];
    const float *w = W + (long)i * n_out;
    if (x == 0) continue;
    for (j = 0; j < n_out; j++) z[j] += w[j] * x;
  }
}
""",
    "matrix_of_bytes": """
static void matrix_of_bytes(const signed char *W, const float *step, const float *b, const float *a, int n_in,
                            int n_out, float *z) {
  int i, j;
  for (j = 0; j < n_out; j++) z[j] = 0;
  for (i = 0; i < n_in; i++) {
    const float x = a[i];
    const signed char *w = W + (long)i * n_out;
    if (x == 0) continue;
    for (j = 0; j < n_out; j++) z[j] += (float)w[j] * x;
  }
  for (j = 0; j < n_out; j++) z[j] = b[j] + step[j] * z[j];
}
""",
    "softplus": """
static double softplus(double z) {
  return (z > 0 ? z : 0) + f_log(1 + f_exp(z > 0 ? -z : z));
}
""",
    "softmax": """
static void softmax(const float *z, int n, float *o) {
  double whole = 0;
  float top = z[0];
  int i;
  for (i = 1; i < n; i++) top = z[i] > top ? z[i] : top;
  for (i = 0; i < n; i++) whole += f_exp((double)z[i] - (double)top);
  for (i = 0; i < n; i++) o[i] = (float)(f_exp((double)z[i] - (double)top) / whole);
}
""",
    "shares": """
static void shares(const float *x, int n, double *p) {
  double whole = 0;
  int i;
  for (i = 0; i < n; i++) {
    p[i] = (double)x[i] > 1e-12 ? (double)x[i] : 1e-12;
    whole += p[i];
  }
  for (i = 0; i < n; i++) p[i] /= whole;
}
""",
}

# Without libm. e to x: x = k ln 2 + r, a series of r, and 2 to the k by squaring. The logarithm: x = 2^k m, and the
# series of artanh((m − 1)/(m + 1)). The error function: its series, and from 2 on the continued fraction of its
# complement (Abramowitz & Stegun 7.1.6, 7.1.14). sin and cos get angles from 0 to 2π.
MATHEMATICS = {
    "f_floor": """
static double f_floor(double x) {
  double whole;
  if (!(x > -9e15 && x < 9e15)) return x;
  whole = (double)(long long)x;
  return whole > x ? whole - 1 : whole;
}
""",
    "f_exp": """
static double f_exp(double x) {
  double k, r, sum = 1, term = 1, power = 2, scale = 1;
  int n, up;
  if (x != x) return x;
  if (x > 709.78) x = 709.78;
  if (x < -708) return 0;
  k = f_floor(x / 0.6931471805599453 + 0.5);
  r = (x - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10;
  for (n = 1; n < 18; n++) sum += term *= r / n;
  up = k >= 0;
  for (n = (int)(up ? k : -k); n > 0; n /= 2, power *= n > 0 ? power : 1) {
    if (n % 2 != 0) scale *= power;
  }
  return up ? sum * scale : sum / scale;
}
""",
    "f_log": """
static double f_log(double x) {
  double t, square, power, sum = 0;
  int k = 0, n;
  if (!(x > 0)) return -1e308;
  while (x > 1.4142135623730951) x /= 2, k++;
  while (x < 0.7071067811865476) x *= 2, k--;
  t = (x - 1) / (x + 1);
  square = t * t;
  for (n = 1, power = t; n < 30; n += 2, power *= square) sum += power / n;
  return 2 * sum + k * 0.6931471805599453;
}
""",
    "f_sqrt": """
static double f_sqrt(double x) {
  double root = x > 1 ? 1 : x, scale = 1;
  int n;
  if (!(x > 0)) return x == 0 ? 0 : x - x;
  while (x > 4) x /= 4, scale *= 2;
  while (x < 1) x *= 4, scale /= 2;
  for (n = 0, root = x; n < 7; n++) root = (root + x / root) / 2;
  return root * scale;
}
""",
    "f_sin": """
static double f_sin(double x) {
  double term, sum;
  int n;
  if (x > 3.141592653589793) x -= 6.283185307179586;
  for (n = 1, term = sum = x; n < 16; n++) sum += term *= -x * x / ((2 * n) * (2 * n + 1));
  return sum;
}
""",
    "f_cos": """
static double f_cos(double x) {
  double term = 1, sum = 1;
  int n;
  if (x > 3.141592653589793) x -= 6.283185307179586;
  for (n = 1; n < 16; n++) sum += term *= -x * x / ((2 * n - 1) * (2 * n));
  return sum;
}
""",
    "f_tanh": """
static double f_tanh(double x) {
  const double e = f_exp(x > 0 ? -2 * x : 2 * x);
  const double y = (1 - e) / (1 + e);
  return x > 0 ? y : -y;
}
""",
    "f_erf": """
static double f_erf(double x) {
  const double y = x < 0 ? -x : x;
  double value = 0, term = y;
  int n;
  if (y < 2) {
    for (n = 0; n < 60; n++) value += term, term *= 2 * y * y / (2 * n + 3);
    value *= 1.1283791670955126 * f_exp(-y * y);
  } else {
    for (n = 60, value = y; n > 0; n--) value = y + n / 2.0 / value;
    value = 1 - f_exp(-y * y) / (1.7724538509055161 * value);
  }
  return x < 0 ? -value : value;
}
""",
    "f_abs": """
static double f_abs(double x) {
  return x < 0 ? -x : x;
}
""",
}
LIBM = {f"f_{name}": name for name in ("floor", "exp", "log", "sqrt", "sin", "cos", "tanh", "erf")} | {"f_abs": "fabs"}

DAYS_DECLARED = "double {stem}_days(int year, int month, int day, int hour, int minute, double second);\n"
DAYS = """
double {stem}_days(int year, int month, int day, int hour, int minute, double second) {{
  /* Years begin in March: the days before a month are then (153 m + 2) / 5, and the leap day is the last. */
  const long y = (long)year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400, in_era = y - era * 400;
  const long of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const long days = era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + of_year - 719468;
  return (double)days + (hour * 3600 + minute * 60 + second) / 86400;
}}
"""
