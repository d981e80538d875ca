"""The formulas of the model as pure functions, each beside its gradient.

A layer has K units over an input ``x``.  Data flows like this::

    x ──► evidence e = W x + b ──► activation a = softmax(e / T) ──► compete ──► h
    x ──► views    z_i = U_i' (x - m_i),  x_i = m_i + U_i z_i
                                   loss L = -log sum_i a_i exp(-|x - x_i|^2 / 2 s^2)

Every function works on a batch and keeps its input unchanged; nothing here
holds state, so the same functions serve training, the tests (which compare
each gradient with finite differences) and the page that walks through them.

Shapes: ``n`` samples, ``d`` features, ``K`` units, rank ``r``.
``x (n, d)``, ``w (K, d)``, ``b (K,)``, ``m (K, d)``, ``u (K, d, r)``.

The activation and both update rules are the source article's; the loss is that
of Jacobs, Jordan, Nowlan and Hinton, *Adaptive mixtures of local experts*
(Neural Computation 3, 1991), with linear-subspace experts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


class Views(NamedTuple):
    """What every unit makes of every sample."""

    values: Array  #: ``(n, K, r)`` coordinates z_i in each unit's own basis
    reconstructions: Array  #: ``(n, K, d)`` x_i = m_i + U_i z_i
    errors: Array  #: ``(n, K)`` squared error |x - x_i|^2


def evidence(x: Array, w: Array, b: Array) -> Array:
    """Evidence e_i = w_i . x + b_i, ``(n, K)``."""
    return x @ w.T + b


def activation(e: Array, temperature: float = 1.0) -> Array:
    """Penalty-reward activation a_i = exp(e_i/T) / sum_k exp(e_k/T), ``(n, K)``.

    Rewarding one unit penalises all others, because the activations share a
    sum of one.  The largest evidence is taken off first, which changes nothing
    in the quotient and keeps ``exp`` from overflowing.

    Raises
    ------
    ValueError
        If ``temperature`` is not positive.

    Examples
    --------
    >>> activation(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    if not temperature > 0:
        raise ValueError(f"temperature must be positive, got {temperature!r}")
    scaled = e / temperature
    top = scaled - scaled.max(axis=-1, keepdims=True)
    weight = np.exp(top)
    return weight / weight.sum(axis=-1, keepdims=True)


def winners(a: Array, k: int) -> NDArray[np.intp]:
    """Indices of the k largest activations, strongest first, ``(n, k)``.

    Equal activations go to the lower index, so the result does not depend on
    the order in which a batch is processed.
    """
    k = min(k, a.shape[-1])
    if k == 1:
        return np.argmax(a, axis=-1)[..., None]
    return np.argsort(-a, axis=-1, kind="stable")[..., :k]


def compete(a: Array, k: int) -> Array:
    """Keep the k largest activations, silence the rest, renormalise, ``(n, K)``.

    Raises
    ------
    ValueError
        If ``k`` is smaller than one.
    """
    if k < 1:
        raise ValueError(f"at least one unit must win, got k={k!r}")
    if k >= a.shape[-1]:
        return a / a.sum(axis=-1, keepdims=True)
    index = winners(a, k)
    kept = np.take_along_axis(a, index, axis=-1)
    total = kept.sum(axis=-1, keepdims=True)
    # A row can underflow to all zeros only if its losers did too; share evenly then.
    kept = np.where(total > 0, kept / np.where(total > 0, total, 1), 1 / index.shape[-1])
    h = np.zeros_like(a)
    np.put_along_axis(h, index, kept.astype(a.dtype), axis=-1)
    return h


def views(x: Array, m: Array, u: Array) -> Views:
    """Each unit's own view of each sample (see :class:`Views`).

    With rank 0 a unit's view is its prototype, the article's plain neuron.
    This is the plain form; the layer computes only the errors and does so by
    two matrix products (``|x - x_i|^2 = |x - m_i|^2 - |z_i|^2``).
    """
    centred = x[:, None, :] - m[None]
    z = np.einsum("nkd,kdr->nkr", centred, u)
    reconstruction = m[None] + np.einsum("nkr,kdr->nkd", z, u)
    error = ((x[:, None, :] - reconstruction) ** 2).sum(axis=-1)
    return Views(z, reconstruction, error)


def log_joint(a: Array, errors: Array, s2: float) -> Array:
    """log(a_i exp(-|x - x_i|^2 / 2 s^2)), ``(n, K)``."""
    tiny = np.finfo(a.dtype).tiny
    return np.log(np.maximum(a, tiny)) - errors / (2 * s2)


def responsibilities(a: Array, errors: Array, s2: float) -> Array:
    """Posterior share r_i of each unit in explaining x, ``(n, K)``."""
    return activation(log_joint(a, errors, s2))


def loss(a: Array, errors: Array, s2: float) -> Array:
    """Surprise L = -log sum_i a_i exp(-|x - x_i|^2 / 2 s^2) per sample, in nats, ``(n,)``."""
    joint = log_joint(a, errors, s2)
    top = joint.max(axis=-1, keepdims=True)
    return -(top[..., 0] + np.log(np.exp(joint - top).sum(axis=-1)))


def evidence_gradient(a: Array, r: Array) -> Array:
    """dL/de_i = a_i - r_i, ``(n, K)`` (temperature 1)."""
    return a - r


def gate_gradients(x: Array, a: Array, r: Array) -> tuple[Array, Array]:
    """dL/dw ``(K, d)`` and dL/db ``(K,)``, averaged over the batch."""
    g = evidence_gradient(a, r)
    return g.T @ x / len(x), g.mean(axis=0)


def prototype_gradient(x: Array, reconstructions: Array, r: Array, s2: float) -> Array:
    """dL/dm_i = -r_i (x - x_i) / s^2, averaged over the batch, ``(K, d)``."""
    residual = x[:, None, :] - reconstructions
    return -np.einsum("nk,nkd->kd", r, residual) / (s2 * len(x))


def basis_gradient(x: Array, m: Array, u: Array, r: Array, s2: float) -> Array:
    """dL/dU_i for an orthonormal U_i, averaged over the batch, ``(K, d, r)``.

    On orthonormal bases ``|x - x_i|^2 = |x - m_i|^2 - |U_i'(x - m_i)|^2``, so the
    gradient is ``-r_i (x - m_i) z_i' / s^2``; Oja's rule (J. Math. Biology 15,
    1982) takes this step and puts the basis back to orthonormal.
    """
    centred = x[:, None, :] - m[None]
    z = np.einsum("nkd,kdr->nkr", centred, u)
    return -np.einsum("nk,nkd,nkr->kdr", r, centred, z, optimize=True) / (s2 * len(x))


def gradient_step(parameter: Array, gradient: Array, rate: float) -> Array:
    """The article's update: parameter <- parameter - rate * gradient."""
    return parameter - rate * gradient


def orthonormalise(u: Array) -> Array:
    """Nearest-in-span orthonormal bases by QR, signs kept, ``(K, d, r)``."""
    if u.shape[-1] == 0:
        return u
    q, triangle = np.linalg.qr(u)
    sign = np.sign(np.diagonal(triangle, axis1=-2, axis2=-1))
    sign = np.where(sign == 0, 1, sign)
    return q * sign[..., None, :].astype(u.dtype)
