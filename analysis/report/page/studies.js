"use strict";
// What a report shows of a study's result, by its kind.
const studies = (() => {
  const kinds = {del: delStudy, systems: systemsStudy, cascade: cascadeStudy};

  function show(data, places) {
    places.heading.textContent = data.heading;
    places.remarks.append(...data.remarks.map(remark => page.element("li", {}, remark)));
    kinds[data.study].show(data, places.at);
  }

  return {show};
})();
