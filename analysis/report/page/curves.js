"use strict";
// What the curves are made of: the closed form follows connections packet by packet, milliseconds a point, so that answers are
// kept by their settings, and curves are drawn roughly at first and filled in while nothing else is to be done.
const curves = (() => {
  const mostKept = 20000, sliceMs = 25, mostInSlice = 40;
  const kept = new Map();  // drafter and condition -> its mean step
  const keyOf = (drafter, condition) => `${drafter.drafter} ${JSON.stringify(condition)}`;

  function step(data, drafter, condition) {
    const key = keyOf(drafter, condition);
    if (!kept.has(key)) {
      if (kept.size >= mostKept) kept.clear();
      kept.set(key, closedForm.decodeStep(data.model, drafter, condition, data.link));
    }
    return kept.get(key);
  }

  // Indices of `count` points, coarse ones first: every 16th and the last, then those between.
  function order(count) {
    const indices = new Set();
    for (let apart = 16; apart >= 1; apart /= 2) {
      for (let i = 0; i < count; i += apart) indices.add(i);
      indices.add(count - 1);
    }
    return [...indices];
  }

  // Asks for [drafter, condition] one after the other and calls drawn(index) after each slice of them, with the index of the
  // first that is not known yet; a later call of the same follower puts an end to the one before.
  function follower(data) {
    let wanted = 0;
    return (questions, drawn) => {
      const mine = ++wanted;
      const slice = from => {
        if (mine !== wanted) return;
        const until = performance.now() + sliceMs;
        let at = from, asked = 0;
        for (; at < questions.length && asked < mostInSlice; ++at) {
          if (!kept.has(keyOf(...questions[at]))) {
            if (asked > 0 && performance.now() >= until) break;
            ++asked;
          }
          step(data, ...questions[at]);
        }
        drawn(at);
        if (at < questions.length) setTimeout(slice, 0, at);
      };
      slice(0);
    };
  }

  const known = (drafter, condition) => kept.get(keyOf(drafter, condition));
  return {step, known, order, follower};
})();
