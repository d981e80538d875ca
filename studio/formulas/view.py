"""The sections of the formulas page: each formula, its numbers, and the same in code."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from htm_engine.data.datasets import Dataset
from htm_engine.figures import formulas

from ..kit import controls
from ..kit.pictures import alt, sheet
from ..kit.shapes import BARE, number, to_look_at
from ..kit.words import drawable, t
from ..visitor import session
from . import parts, snippets, walkthrough
from .by_hand import ON, in_code


def evidence(
    found: session.CurrentModel,
    walk: walkthrough.Walk,
    now: walkthrough.Stand,
    where: snippets.Where,
) -> None:
    """What each unit makes of the patch."""
    level = where.level
    st.subheader(t("formulas.evidence"), anchor=False)
    left, right = st.columns(2, gap="large")
    unit = now.strongest(1)[0]
    left.latex(r"e_i = w_i \cdot x + b_i")
    left.latex(rf"e_{{{unit}}} = \sum_j w_{{{unit},j}}\,x_j + b_{{{unit}}}")
    left.latex(
        rf"= {number(now.evidence[unit] - walk.b[unit])} + ({number(walk.b[unit])}) = "
        rf"{number(now.evidence[unit])}"
    )
    left.markdown(t("formulas.each_of_the_units_weighs", b=len(walk.b), shape=walk.x.shape[1]))
    pictures, labels = parts.patch_pictures(found.model, walk, now, level)
    drawn, beside = drawable(labels)
    right.image(
        sheet(pictures, labels=drawn, columns=4, side=88, gap=10),
        caption=beside,
        alt=alt(t("formulas.the_patch_x_and_prototypes")),
    )
    in_code("evidence", snippets.of_patch("evidence", where))


def shares(now: walkthrough.Stand, where: snippets.Where) -> None:
    """Activation and competition."""
    temperature, k = where.temperature, where.k
    st.subheader(t("formulas.activation_and_competition"), anchor=False)
    left, right = st.columns(2, gap="large")
    unit = int(np.argmax(now.activation))
    top = now.evidence / temperature
    total = np.exp(top - top.max()).sum()
    left.latex(r"a_i = \frac{\exp(e_i/T)}{\sum_k \exp(e_k/T)}")
    left.latex(
        rf"a_{{{unit}}} = \frac{{\exp({number(top[unit])})}}{{\sum_k \exp(e_k/T)}} = "
        rf"\frac{{1}}{{{number(total)}}} = {number(now.activation[unit])}"
    )
    left.markdown(t("formulas.rewarding_one_unit_penalises_all", k=k))
    left.latex(
        rf"h_i = \frac{{a_i}}{{\sum_{{k\in\mathrm{{top}}\,{k}}} a_k}},\quad "
        rf"h_{{{unit}}} = {number(now.kept[unit])}"
    )
    figure, words = formulas.shares(now.activation, now.kept)
    right.plotly_chart(figure, alt=words, config=BARE, key="shares")
    in_code("shares", snippets.of_patch("shares", where))


def loss(walk: walkthrough.Walk, now: walkthrough.Stand, where: snippets.Where) -> None:
    """Views, loss and responsibilities."""
    st.subheader(t("formulas.every_units_own_view_and"), anchor=False)
    left, right = st.columns(2, gap="large")
    unit = now.strongest(1)[0]
    left.latex(r"z_i = U_i^\top (x - m_i),\qquad x_i = m_i + U_i z_i")
    left.latex(r"L = -\log \sum_i a_i \exp\left(-\frac{|x-x_i|^2}{2s^2}\right)")
    left.latex(rf"s^2 = {number(walk.s2)},\quad |x-x_{{{unit}}}|^2 = {number(now.errors[unit])}")
    left.latex(rf"L = {number(now.loss)}\ \mathrm{{nats}}")
    left.latex(
        r"r_i = \frac{a_i\,e^{-|x-x_i|^2/2s^2}}{\sum_k a_k\,e^{-|x-x_k|^2/2s^2}},\quad "
        rf"r_{{{unit}}} = {number(now.responsibility[unit])}"
    )
    right.markdown(t("formulas.the_rank_here_is_with", shape=walk.u.shape[2]))
    right.latex(
        t(
            "formulas.log_r_mathrm",
            unit=unit,
            value=number(-np.log2(max(now.responsibility[unit], 1e-300)) + 0.0),
        )
    )
    right.dataframe(
        parts.unit_table(now),
        hide_index=True,
        alt=t("formulas.evidence_activation_error_and_responsibility"),
    )
    in_code("loss", snippets.of_patch("loss", where))


def _go(steps: int) -> None:
    st.session_state["steps"] = steps


def step(key: str, start: walkthrough.Walk, where: snippets.Where) -> None:
    """One step of gradient descent, by a click."""
    st.subheader(t("formulas.one_step_down_the_gradient"), anchor=False)
    left, right = st.columns(2, gap="large")
    left.latex(r"\frac{\partial L}{\partial e_i} = \frac{a_i - r_i}{T}")
    left.latex(
        r"w \leftarrow w - \alpha \frac{\partial L}{\partial w},\qquad "
        r"b \leftarrow b - \alpha \frac{\partial L}{\partial b}"
    )
    left.latex(r"\frac{\partial L}{\partial m_i} = -\frac{r_i (x - x_i)}{s^2}")
    left.latex(r"\frac{\partial L}{\partial U_i} = -\frac{r_i (x - m_i) z_i^\top}{s^2}")
    rate = ON.slider(
        "rate", t("formulas.step_size_2"), left, help=t("formulas.how_far_a_step_goes")
    )
    steps = int(ON.number("steps", t("formulas.steps_made"), left))
    walk, history = parts.walked(key, start, float(rate), steps)
    buttons = left.container(horizontal=True)
    buttons.button(
        t("formulas.make_one_gradient_step"),
        type="primary",
        key="step",
        on_click=_go,
        args=(steps + 1,),
        disabled=steps == controls.MOST_STEPS,
    )
    buttons.button(t("formulas.reset"), key="reset", on_click=_go, args=(0,), disabled=not steps)
    left.markdown(parts.what_moved(start, walk, history))
    before, after = (walkthrough.stand(w) for w in (start, walk))
    figure, words = formulas.moved(before.activation, after.activation)
    right.plotly_chart(figure, alt=words, config=BARE, key="moved")
    if walk.steps:
        figure, words = formulas.losses(history)
        right.plotly_chart(figure, alt=words, config=BARE, key="losses")
    st.markdown(t("formulas.is_the_gradient_right_beside"))
    st.dataframe(
        parts.check_table(walk),
        hide_index=True,
        alt=t("formulas.largest_derivative_of_every_parameter"),
    )
    in_code("step", snippets.of_patch("step", replace(where, rate=float(rate))))


def article(found: session.CurrentModel, data: Dataset, where: snippets.Where) -> None:
    """The article's peer."""
    picture = where.picture
    st.subheader(t("formulas.the_articles_pca_at_of"), anchor=False)
    left, right = st.columns(2, gap="large")
    pca = parts.article_pca(data.fingerprint, data)
    left.latex(r"\hat x = \bar x + \sum_{j\le q} v_j v_j^\top (x-\bar x)")
    left.latex(r"\sum_{j\le q}\lambda_j \ge 0.95 \sum_j \lambda_j")
    left.markdown(
        t(
            "formulas.q_of_components_one_subspace",
            kept=pca.kept,
            cumulative=len(pca.cumulative),
        )
    )
    three = parts.three_ways(found.model, data, picture, pca)
    drawn, beside = drawable(
        [
            t("formulas.picture_lower"),
            t("formulas.pca_numbers", kept=pca.kept),
            parts.code_of(found.model),
        ]
    )
    left.image(
        sheet(
            to_look_at(found.model, three),
            columns=3,
            side=104,
            labels=drawn,
        ),
        caption=beside,
        alt=alt(t("formulas.a_picture_its_pca_reconstruction")),
    )
    figure, words = formulas.variance(pca.cumulative, pca.kept)
    right.plotly_chart(figure, alt=words, config=BARE, key="variance")
    in_code("pca", snippets.of_pca(where.data))
