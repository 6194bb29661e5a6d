"""A recurrent network that learns to write, character by character, from Python's own manual.

The network is Karpathy's min-char-rnn with a batch: one tanh layer, softmax, gradients clipped
element by element, updated by Adam. The text is CPython's language reference, as pydoc shows it.
"""
import numpy as np
from harness import Case, Exhibit, plot


def gradients(inputs, targets, weights, h):
    """Loss, gradients and last hidden state of one window; inputs are (steps, batch, symbols)."""
    wxh, whh, why, bh, by = weights
    steps = inputs.shape[0]
    states, outputs, loss = [h], [], 0.0
    for t in range(steps):
        h = np.tanh(inputs[t] @ wxh + h @ whh + bh)
        y = h @ why + by
        e = np.exp(y - np.max(y, axis=1, keepdims=True))
        p = e / np.sum(e, axis=1, keepdims=True)
        loss = loss - np.sum(np.log(np.sum(p * targets[t], axis=1)))
        states.append(h)
        outputs.append(p)
    dwxh, dwhh, dwhy = np.zeros_like(wxh), np.zeros_like(whh), np.zeros_like(why)
    dbh, dby, dnext = np.zeros_like(bh), np.zeros_like(by), np.zeros_like(h)
    for t in range(steps - 1, -1, -1):
        dy = outputs[t] - targets[t]
        dwhy += states[t + 1].T @ dy
        dby += np.sum(dy, axis=0)
        draw = (1.0 - states[t + 1] * states[t + 1]) * (dy @ why.T + dnext)
        dbh += np.sum(draw, axis=0)
        dwxh += inputs[t].T @ draw
        dwhh += states[t].T @ draw
        dnext = draw @ whh.T
    return loss, [dwxh, dwhh, dwhy, dbh, dby], h


def adam(weights, moments, grads, update, rate=0.005, b1=0.9, b2=0.999, epsilon=1e-8):
    """Move the weights in place, against clipped gradients."""
    for w, (m, v), g in zip(weights, moments, grads):
        g = np.clip(g, -5.0, 5.0)
        m[:] = b1 * m + (1 - b1) * g
        v[:] = b2 * v + (1 - b2) * g * g
        w -= rate * (m / (1 - b1**update)) / (np.sqrt(v / (1 - b2**update)) + epsilon)


def write(weights, eye, first, draws):
    """Let the network write: one character for each random number."""
    wxh, whh, why, bh, by = weights
    h = np.zeros_like(bh)
    code, codes = first, []
    for draw in draws:
        h = np.tanh(eye[code] @ wxh + h @ whh + bh)
        y = h @ why + by
        e = np.exp(y - np.max(y))
        code = int(np.argmax(np.cumsum(e / np.sum(e)) > draw))
        codes.append(code)
    return np.array(codes)


def learn_to_write(streams, eye, wxh, whh, why, bh, by, start, draws, steps, updates):
    """Train on parallel streams of text, (batch, length) codes; losses, and a text of its own."""
    weights = [wxh, whh, why, bh, by]
    moments = [(np.zeros_like(w), np.zeros_like(w)) for w in weights]
    batch, length = streams.shape
    position, h, losses = 0, start, []
    for update in range(1, updates + 1):
        if position + steps + 1 > length:
            position, h = 0, start
        window = streams[:, position:position + steps + 1].T
        loss, grads, h = gradients(eye[window[:-1]], eye[window[1:]], weights, h)
        adam(weights, moments, [g / batch for g in grads], update)
        losses.append(loss / (batch * steps))
        position += steps
    return np.stack(losses), write(weights, eye, 0, draws)


def manual(small):
    """Text on this machine, and its characters: the language reference that pydoc shows."""
    from pydoc_data.topics import topics

    text = "\n".join(text for _, text in sorted(topics.items()))[:20_000 if small else 400_000]
    text = "".join(c if " " <= c <= "~" or c == "\n" else " " for c in text)
    return text, sorted(set(text))


def corpus(small):
    text, symbols = manual(small)
    code = {symbol: i for i, symbol in enumerate(symbols)}
    batch, hidden, n = 32, 128, len(symbols)
    length = len(text) // batch
    streams = np.array([code[c] for c in text[:batch * length]]).reshape(batch, length)
    rng = np.random.default_rng(2015)

    def weight(*shape):
        return rng.normal(0, 1 / np.sqrt(shape[0]), shape)

    return (streams, np.eye(n), weight(n, hidden), weight(hidden, hidden), weight(hidden, n),
            np.zeros(hidden), np.zeros(n), np.zeros((batch, hidden)),
            rng.random(20 if small else 400), 24, 3 if small else 350)


def show(results, arguments):
    losses, codes = results
    _, symbols = manual(small=len(losses) < 10)

    def draw(axes):
        axes.plot(losses / np.log(2))
        axes.set(xlabel="update", ylabel="bits per character", ylim=(0, None))

    return [plot(draw, "Character RNN: loss while training on CPython's language reference"),
            Exhibit("What it writes then", text="".join(symbols[c] for c in codes))]


CASES = [
    Case("Character RNN", corpus, learn_to_write, "hidden 128, batch 32, 350 Adam updates",
         mutates=True, rtol=1e-3, compared=lambda results: results[:1], show=show),
]
