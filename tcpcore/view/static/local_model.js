// The anywidget model's contract over plain values, for figures that have no kernel behind them.

export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** `get`, `set`, `on`, `off` as a notebook's models have them; nobody is told of `save_changes`. */
export class LocalModel {
  constructor(state) {
    this.state = state;
    this.listeners = new Map();
  }

  get(key) {
    return this.state[key];
  }

  set(key, value) {
    if (same(this.state[key], value)) return;
    this.state[key] = value;
    this.emit(`change:${key}`);
  }

  on(event, listener) {
    this.listeners.set(event, [...(this.listeners.get(event) || []), listener]);
  }

  off(event, listener) {
    this.listeners.set(event, (this.listeners.get(event) || []).filter((f) => f !== listener));
  }

  emit(event) {
    for (const listener of this.listeners.get(event) || []) listener();
  }

  save_changes() {}
}
