"""The workloads as loops: what one writes for Numba's parallel njit."""
import math

import numba
import numpy as np
from numba import prange

fast = numba.njit(parallel=True, fastmath=True)
scalar = numba.njit(fastmath=True)


@fast
def black_scholes(price, strike, t, rate, vol):
    call, put = np.empty_like(price), np.empty_like(price)
    for i in prange(price.size):
        spread = vol * math.sqrt(t[i])
        d1 = (math.log(price[i] / strike[i]) + (rate + 0.5 * vol * vol) * t[i]) / spread
        n1 = 0.5 + 0.5 * math.erf(d1 * 0.7071067811865476)
        n2 = 0.5 + 0.5 * math.erf((d1 - spread) * 0.7071067811865476)
        discounted = strike[i] * math.exp(-rate * t[i])
        call[i] = price[i] * n1 - discounted * n2
        put[i] = discounted * (1.0 - n2) - price[i] * (1.0 - n1)
    return call, put


@scalar
def cumulative_normal(d):
    k = 1.0 / (1.0 + 0.2316419 * abs(d))
    poly = k * (0.31938153 + k * (-0.356563782 + k * (
        1.781477937 + k * (-1.821255978 + k * 1.330274429))))
    w = 1.0 - 0.3989422804014327 * math.exp(-0.5 * d * d) * poly
    return 1.0 - w if d < 0 else w


@fast
def black_scholes_polynomial(price, strike, t, rate, vol):
    call, put = np.empty_like(price), np.empty_like(price)
    for i in prange(price.size):
        spread = vol * math.sqrt(t[i])
        d1 = (math.log(price[i] / strike[i]) + (rate + 0.5 * vol * vol) * t[i]) / spread
        n1, n2 = cumulative_normal(d1), cumulative_normal(d1 - spread)
        discounted = strike[i] * math.exp(-rate * t[i])
        call[i] = price[i] * n1 - discounted * n2
        put[i] = discounted * (1.0 - n2) - price[i] * (1.0 - n1)
    return call, put


@fast
def kmeans(points, centroids):
    n, d = points.shape
    k = centroids.shape[0]
    labels = np.empty(n, np.int64)
    for i in prange(n):
        nearest, least = 0, np.inf
        for c in range(k):
            distance = 0.0
            for j in range(d):
                distance += (points[i, j] - centroids[c, j])**2
            if distance < least:
                nearest, least = c, distance
        labels[i] = nearest
    total, count = np.zeros((k, d)), np.zeros(k)
    for i in range(n):
        count[labels[i]] += 1.0
        for j in range(d):
            total[labels[i], j] += points[i, j]
    for c in range(k):
        total[c] /= count[c]
    return total, labels


@fast
def sweep(grid, swept):
    delta = 0.0
    for i in prange(1, grid.shape[0] - 1):
        for j in range(1, grid.shape[1] - 1):
            mean = 0.2 * (grid[i, j] + grid[i - 1, j] + grid[i, j + 1] + grid[i, j - 1]
                          + grid[i + 1, j])
            swept[i, j] = mean
            delta += abs(mean - grid[i, j])
    return delta


@scalar
def jacobi(grid, iterations):
    one, other = grid, grid.copy()
    for _ in range(iterations):
        sweep(one, other)
        one, other = other, one
    if iterations % 2:
        grid[:] = one
    return grid


@scalar
def jacobi_delta(grid, iterations):
    one, other, delta = grid, grid.copy(), 0.0
    for _ in range(iterations):
        delta = sweep(one, other)
        one, other = other, one
        if delta < 1e-300:
            break
    grid[:] = one
    return grid, delta


@fast
def binomial_row(x, y):
    out = np.empty_like(x)
    for i in prange(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] * x[i, j] + 2 * x[i, j] * y[j] + y[j] * y[j]
    return out


@fast
def binomial_outer(x, y):
    out = np.empty((x.shape[0], y.shape[1]))
    for i in prange(x.shape[0]):
        for j in range(y.shape[1]):
            out[i, j] = x[i, 0] * x[i, 0] + 2 * x[i, 0] * y[0, j] + y[0, j] * y[0, j]
    return out


@fast
def binomial_int32(x, y):
    out = np.empty_like(x)
    for i in prange(x.size):
        out[i] = x[i] * x[i] + 2 * x[i] * y[0] + y[0] * y[0]
    return out


@fast
def sgd(param, grad):
    for i in prange(param.size):
        param[i] -= grad[i]
    return param


@fast
def adam(param, grad, m, v):
    a, b = np.float32(1 - 0.9), np.float32(1 - 0.999)
    rate, epsilon = np.float32(0.001), np.float32(1e-8)
    for i in prange(param.size):
        m[i] += a * (grad[i] - m[i])
        v[i] += b * (grad[i] * grad[i] - v[i])
        param[i] -= rate * m[i] / (math.sqrt(v[i]) + epsilon)
    return param, m, v


@fast
def relu(x):
    out = np.empty_like(x)
    for i in prange(x.size):
        out[i] = max(x[i], np.float32(0))
    return out


@fast
def tanh_relu(x):
    out = np.empty_like(x)
    for i in prange(x.size):
        out[i] = math.tanh(max(x[i], np.float32(0)))
    return out


@fast
def angle(x, y):
    out = np.empty_like(x)
    for i in prange(x.size):
        out[i] = y[i] / math.sqrt(x[i] * x[i] + y[i] * y[i])
    return out


@fast
def add(a, b):
    out = np.empty_like(a)
    for i in prange(a.size):
        out[i] = a[i] + b[i]
    return out


@fast
def total(x):
    flat, out = x.ravel(), 0.0
    for i in prange(flat.size):
        out += flat[i]
    return out


@fast
def deviation(x):
    flat, mean, square = x.ravel(), 0.0, 0.0
    for i in prange(flat.size):
        mean += flat[i]
    mean /= flat.size
    for i in prange(flat.size):
        square += (flat[i] - mean)**2
    return math.sqrt(square / flat.size)


@fast
def sum_of_columns(x):
    rows, columns = x.shape
    out = np.zeros(columns)
    for block in prange((columns + 255) // 256):
        for i in range(rows):
            for j in range(256 * block, min(columns, 256 * block + 256)):
                out[j] += x[i, j]
    return out


@scalar
def mean_of_columns(x):
    return sum_of_columns(x) / x.shape[0]


@fast
def variance_of_columns(x):
    rows, columns = x.shape
    mean, out = mean_of_columns(x), np.zeros(columns)
    for block in prange((columns + 255) // 256):
        for i in range(rows):
            for j in range(256 * block, min(columns, 256 * block + 256)):
                out[j] += (x[i, j] - mean[j])**2
    return out / rows


@fast
def sum_of_rows(x):
    out = np.empty(x.shape[0])
    for i in prange(x.shape[0]):
        out[i] = x[i].sum()
    return out


@fast
def variance_of_rows(x):
    out = np.empty(x.shape[0])
    for i in prange(x.shape[0]):
        row, square = x[i], 0.0
        mean = row.sum() / row.size
        for j in range(row.size):
            square += (row[j] - mean)**2
        out[i] = square / row.size
    return out


@fast
def largest_of_rows(x):
    out = np.empty(x.shape[0])
    for i in prange(x.shape[0]):
        largest = x[i, 0]
        for j in range(x.shape[1]):
            largest = max(largest, x[i, j])
        out[i] = largest
    return out


@fast
def squared_difference(x, y):
    out = 0.0
    for i in prange(x.size):
        out += (x[i] - y[i])**2
    return out


@scalar
def cumsum(x):
    out, so_far = np.empty_like(x), 0.0
    for i in range(x.size):
        so_far += x[i]
        out[i] = so_far
    return out


@scalar
def cumsum_expression(x, y):
    out, so_far = np.empty_like(x), 0.0
    for i in range(x.size):
        so_far += x[i] * y[i] - 0.5 * x[i]
        out[i] = so_far
    return out


@fast
def cumsum_of_columns(x):
    rows, columns = x.shape
    out = np.empty_like(x)
    for block in prange((columns + 255) // 256):
        for j in range(256 * block, min(columns, 256 * block + 256)):
            out[0, j] = x[0, j]
        for i in range(1, rows):
            for j in range(256 * block, min(columns, 256 * block + 256)):
                out[i, j] = out[i - 1, j] + x[i, j]
    return out


@fast
def cumsum_of_rows(x):
    out = np.empty_like(x)
    for i in prange(x.shape[0]):
        so_far = 0.0
        for j in range(x.shape[1]):
            so_far += x[i, j]
            out[i, j] = so_far
    return out


@fast
def twenty_operations(x, y):
    out = np.empty_like(x)
    for i in prange(x.size):
        total, difference = x[i] + y[i], x[i] - y[i]
        product = total * difference
        quotient = product / total
        grown = (quotient + x[i]) * 2.0 - 1.0
        root = math.sqrt(grown * grown + y[i]) + product
        mixed = (root * total - quotient) / 3.0 + x[i]
        out[i] = (abs(mixed) + 1.0) * y[i] - x[i] + 0.5
    return out


LOOPS = {
    "black-scholes": black_scholes, "black-scholes polynomial": black_scholes_polynomial,
    "k-means gather": kmeans, "k-means where": kmeans, "jacobi": jacobi,
    "jacobi delta": jacobi_delta, "binomial row": binomial_row,
    "binomial outer": binomial_outer, "binomial int32": binomial_int32, "sgd": sgd,
    "adam": adam, "relu": relu, "tanh relu": tanh_relu, "angle": angle, "add": add,
    "sum 1d": total, "sum 2d": total, "sum axis 0": sum_of_columns, "sum axis 1": sum_of_rows,
    "mean axis 0": mean_of_columns, "std 1d": deviation, "std 2d": deviation,
    "var axis 0": variance_of_columns, "var axis 1": variance_of_rows,
    "max axis 1": largest_of_rows, "sum squared difference": squared_difference,
    "cumsum 1d": cumsum, "cumsum expression": cumsum_expression,
    "cumsum axis 0": cumsum_of_columns, "cumsum axis 1": cumsum_of_rows,
    "twenty operations": twenty_operations,
}
