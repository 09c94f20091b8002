/* What an exported C file brings along: of these functions those that it calls. A function calls only those above it.
   f_exp and its like are math.h's, or those of mathematics.c. */

static char lower(char x) {
  return x >= 'A' && x <= 'Z' ? (char)(x + 32) : x;
}

static int same(const char *a, const char *b, int fold) {
  for (; *a != '\0' || *b != '\0'; a++, b++) {
    if (fold ? lower(*a) != lower(*b) : *a != *b) return 0;
  }
  return 1;
}

static double nan_of(double x) {
  return (x - x) / (x - x); /* of any finite number: to MSVC a constant that is divided by zero is an error */
}

static const char *known(const char *cell) {
  int i;
  if (cell == 0 || *cell == '\0') return 0;
  for (i = 0; missing[i] != 0; i++) {
    if (same(cell, missing[i], 1)) return 0;
  }
  return cell;
}

static double look(const char *cell, const char *const *words, const double *values, int n, double other, double none,
                   int fold) {
  int i;
  if (cell == 0) return none;
  for (i = 0; i < n; i++) {
    if (words[i] != 0 && same(cell, words[i], fold)) return values[i];
  }
  return other;
}

static double has(const char *cell, const char *const *spellings, int n) {
  int i;
  for (; cell != 0 && *cell != '\0'; cell++) {
    for (i = 0; i < n && spellings[i] != 0; i++) {
      const char *a = cell, *b = spellings[i];
      for (; *b != '\0'; a++, b++) {
        if (lower(*a) != *b) break;
      }
      if (*b == '\0') return 1;
    }
  }
  return 0;
}

static double number(double x) {
  int i;
  for (i = 1; i < (int)(sizeof absent / sizeof absent[0]); i++) {
    if (x == absent[i]) return nan_of(x);
  }
  return x;
}

static double within(double x, double low, double high) {
  return x < low ? low : x > high ? high : x;
}

static double scale(double x, const double *s, int bend) {
  const double z = within((x / 2 - s[0] / 2) / (s[1] / 2), -1e30, 1e30) + s[2];
  const double third = within(z, -1e15, 1e15) / 3; /* beyond, the bend is flat, and the square of 1e30 no float */
  return bend ? 3 * third / f_sqrt(1 + third * third) : z;
}

static double passed(double x, double low, double high) {
  return within((x / 2 - low / 2) / (high / 2 - low / 2), 0, 1);
}

static double recall(double x, const double (*table)[2], int n) {
  int i;
  for (i = 0; i < n; i++) {
    if (table[i][0] == x) return table[i][1];
  }
  return 0;
}

static double turned(double x, double period) {
  const double turns = x / period;
  return 6.283185307179586 * (turns - f_floor(turns));
}

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

static double softplus(double z) {
  return (z > 0 ? z : 0) + f_log(1 + f_exp(z > 0 ? -z : z));
}

static void softmax(const float *z, int n, float *o) {
  double whole = 0;
  float top = z[0];
  int i;
  for (i = 1; i < n; i++) top = z[i] > top ? z[i] : top;
  for (i = 0; i < n; i++) whole += f_exp((double)z[i] - (double)top);
  for (i = 0; i < n; i++) o[i] = (float)(f_exp((double)z[i] - (double)top) / whole);
}

static void shares(const float *x, int n, double *p) {
  double whole = 0;
  int i;
  for (i = 0; i < n; i++) {
    p[i] = (double)x[i] > 1e-12 ? (double)x[i] : 1e-12;
    whole += p[i];
  }
  for (i = 0; i < n; i++) p[i] /= whole;
}
