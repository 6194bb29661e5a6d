"""Listing 2: a dense layer, stacked twice and trained on real handwritten digits."""
import numpy as np
from harness import Case, plot


def layer(w, a, b):
    """One layer of the network; the columns of `a` are its inputs."""
    x = np.transpose(w).dot(np.maximum(a, 0)) + b
    return 1.0 / (1.0 + np.exp(-x))


def train(images, targets, order, test_images, test_labels, w1, b1, w2, b2, epochs):
    """Train by gradient descent with momentum; losses, accuracy and predictions on the test set."""
    weights = [w1, b1, w2, b2]
    speeds = [np.zeros_like(w) for w in weights]
    batch, rate, momentum = 32, 0.5, 0.9
    losses = []
    for epoch in range(epochs):
        loss = 0.0
        for start in range(0, order.shape[1], batch):
            picked = order[epoch, start:start + batch]
            a, target = images[:, picked], targets[:, picked]
            hidden = layer(w1, a, b1)
            out = layer(w2, hidden, b2)
            loss = loss - np.sum(target * np.log(out) + (1 - target) * np.log(1 - out))
            d2 = (out - target) / batch
            d1 = w2.dot(d2) * hidden * (1.0 - hidden)
            grads = [a.dot(d1.T), np.sum(d1, axis=1, keepdims=True),
                     hidden.dot(d2.T), np.sum(d2, axis=1, keepdims=True)]
            for w, v, g in zip(weights, speeds, grads):
                v[:] = momentum * v - rate * g
                w += v
        losses.append(loss / order.shape[1])
    predicted = np.argmax(layer(w2, layer(w1, test_images, b1), b2), axis=0)
    return np.stack(losses), np.mean(predicted == test_labels), predicted


def handwriting(small):
    """scikit-learn's digits: 1,437 to train on, 360 to test with; columns are images."""
    from sklearn.datasets import load_digits

    data = load_digits()
    images = data.data.T / 16.0
    targets = np.eye(10)[data.target].T
    rng = np.random.default_rng(0)
    mixed = rng.permutation(images.shape[1])
    training, test = mixed[:1437], mixed[1437:]
    epochs = 2 if small else 40
    order = np.stack([rng.permutation(len(training)) for _ in range(epochs)])
    return (np.ascontiguousarray(images[:, training]), np.ascontiguousarray(targets[:, training]),
            order, np.ascontiguousarray(images[:, test]), data.target[test],
            rng.normal(0, 0.1, (64, 64)), np.zeros((64, 1)),
            rng.normal(0, 0.1, (64, 10)), np.zeros((10, 1)), epochs)


def show(results, arguments):
    losses, accuracy, predicted = results
    test = np.asarray(arguments[3])

    def draw(axes):
        rows = [np.hstack([test[:, 12 * r + c].reshape(8, 8) for c in range(12)]) for r in range(4)]
        axes.imshow(np.vstack(rows), cmap="gray_r")
        for i in range(48):
            axes.text(8 * (i % 12) + 6.2, 8 * (i // 12) + 7, str(predicted[i]), color="tab:red")
        axes.set_axis_off()

    return [plot(draw, f"Handwritten digits not seen in training, and what Listing 2 reads: "
                       f"{float(accuracy):.1%} of 360 are right")]


CASES = [
    Case("Listing 2, digits", handwriting, train, "64-64-10, 40 epochs of 1,437 images",
         mutates=True, rtol=1e-6, flips=0.01, show=show),
]
