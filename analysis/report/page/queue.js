"use strict";
// First in, first out, in a ring: Array.shift moves all that stays.
class Queue {
  constructor() {
    this.ring = new Array(16).fill(null);
    this.begin = this.length = 0;
  }
  get first() { return this.ring[this.begin]; }
  get last() { return this.at(this.length - 1); }
  at(i) { return this.ring[this.begin + i & this.ring.length - 1]; }
  set(i, item) { this.ring[this.begin + i & this.ring.length - 1] = item; }
  push(item) {
    if (this.length === this.ring.length) this.grow();
    this.set(this.length++, item);
  }
  grow() {
    const all = Array.from({length: this.length}, (_, i) => this.at(i));
    this.ring = all.concat(new Array(all.length).fill(null));
    this.begin = 0;
  }
  shift() {
    const item = this.ring[this.begin];
    this.begin = this.begin + 1 & this.ring.length - 1;
    --this.length;
    return item;
  }
  insert(i, item) {
    this.push(item);
    for (let k = this.length - 1; k > i; --k) this.set(k, this.at(k - 1));
    this.set(i, item);
  }
  remove(i) {
    for (let k = i; k + 1 < this.length; ++k) this.set(k, this.at(k + 1));
    --this.length;
  }
  // Behind those that are not later.
  insertByTime(item) {
    let place = this.length;
    while (place > 0 && this.at(place - 1).at > item.at) --place;
    if (place === this.length) this.push(item);
    else this.insert(place, item);
  }
  clear() { this.begin = this.length = 0; }
}
