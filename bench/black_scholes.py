"""European option prices by Black and Scholes, in the erf and the polynomial form."""
import numpy as np
from harness import Case, plot
from scipy.special import erf


def black_scholes(price, strike, t, rate, vol):
    """Values of calls and puts; the normal distribution through the error function."""
    root_t = np.sqrt(t)
    d1 = (np.log(price / strike) + (rate + 0.5 * vol * vol) * t) / (vol * root_t)
    d2 = d1 - vol * root_t
    n1 = 0.5 + 0.5 * erf(d1 * 0.7071067811865476)
    n2 = 0.5 + 0.5 * erf(d2 * 0.7071067811865476)
    discounted = strike * np.exp(-rate * t)
    call = price * n1 - discounted * n2
    put = discounted * (1.0 - n2) - price * (1.0 - n1)
    return call, put


def cumulative_normal(d):
    """Abramowitz and Stegun 26.2.17."""
    k = 1.0 / (1.0 + 0.2316419 * np.abs(d))
    poly = k * (0.31938153 + k * (-0.356563782 + k * (
        1.781477937 + k * (-1.821255978 + k * 1.330274429))))
    w = 1.0 - 0.3989422804014327 * np.exp(-0.5 * d * d) * poly
    return np.where(d < 0, 1.0 - w, w)


def black_scholes_polynomial(price, strike, t, rate, vol):
    """Values of calls and puts; the normal distribution by a polynomial."""
    root_t = np.sqrt(t)
    d1 = (np.log(price / strike) + (rate + 0.5 * vol * vol) * t) / (vol * root_t)
    d2 = d1 - vol * root_t
    n1 = cumulative_normal(d1)
    n2 = cumulative_normal(d2)
    discounted = strike * np.exp(-rate * t)
    call = price * n1 - discounted * n2
    put = discounted * (1.0 - n2) - price * (1.0 - n1)
    return call, put


def options(small):
    rng = np.random.default_rng(1973)
    n = 2**14 if small else 2**24
    return rng.uniform(10, 50, n), rng.uniform(10, 50, n), rng.uniform(1, 2, n), 0.1, 0.2


def show(results, arguments):
    call, put = results
    price, strike = np.asarray(arguments[0]), np.asarray(arguments[1])
    some = slice(0, 3000)

    def draw(axes):
        ratio = price[some] / strike[some]
        axes.scatter(ratio, call[some] / strike[some], s=2, label="call")
        axes.scatter(ratio, put[some] / strike[some], s=2, label="put")
        axes.set(xlabel="price / strike", ylabel="value / strike", xlim=(0, 3), ylim=(0, 2))
        axes.legend(markerscale=4)

    return [plot(draw, f"Black-Scholes: 3,000 of {len(call):,} options")]


CASES = [
    Case("Black-Scholes, erf", options, black_scholes, "2^24 options", show=show),
    Case("Black-Scholes, polynomial", options, black_scholes_polynomial, "2^24 options"),
]
