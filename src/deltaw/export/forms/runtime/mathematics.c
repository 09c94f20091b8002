/* Mathematics where there is no libm. e to x: x = k ln 2 + r, a series of r, and 2 to the k by squaring. The logarithm:
   x = 2^k m, and the series of artanh((m - 1)/(m + 1)). The error function: its series, and from 2 on the continued
   fraction of its complement (Abramowitz & Stegun 7.1.6, 7.1.14). sin and cos get angles from 0 to 2 pi. Where double
   is a float (avr-gcc), what is infinite has to end, too. */

static double f_floor(double x) {
  double whole;
  if (!(x > -9e15 && x < 9e15)) return x;
  whole = (double)(long long)x;
  return whole > x ? whole - 1 : whole;
}

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

static double f_log(double x) {
  double t, square, power, sum = 0;
  int k = 0, n;
  if (!(x > 0)) return -1e308;
  if (x - x != 0) return x;
  while (x > 1.4142135623730951) x /= 2, k++;
  while (x < 0.7071067811865476) x *= 2, k--;
  t = (x - 1) / (x + 1);
  square = t * t;
  for (n = 1, power = t; n < 30; n += 2, power *= square) sum += power / n;
  return 2 * sum + k * 0.6931471805599453;
}

static double f_sqrt(double x) {
  double root = x > 1 ? 1 : x, scale = 1;
  int n;
  if (!(x > 0)) return x == 0 ? 0 : x - x;
  if (x - x != 0) return x;
  while (x > 4) x /= 4, scale *= 2;
  while (x < 1) x *= 4, scale /= 2;
  for (n = 0, root = x; n < 7; n++) root = (root + x / root) / 2;
  return root * scale;
}

static double f_sin(double x) {
  double term, sum;
  int n;
  if (x > 3.141592653589793) x -= 6.283185307179586;
  for (n = 1, term = sum = x; n < 16; n++) sum += term *= -x * x / ((2 * n) * (2 * n + 1));
  return sum;
}

static double f_cos(double x) {
  double term = 1, sum = 1;
  int n;
  if (x > 3.141592653589793) x -= 6.283185307179586;
  for (n = 1; n < 16; n++) sum += term *= -x * x / ((2 * n - 1) * (2 * n));
  return sum;
}

static double f_tanh(double x) {
  const double e = f_exp(x > 0 ? -2 * x : 2 * x);
  const double y = (1 - e) / (1 + e);
  return x > 0 ? y : -y;
}

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

static double f_abs(double x) {
  return x < 0 ? -x : x;
}
