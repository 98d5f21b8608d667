// The clock: loaded before the server, it moves its time by CLOCK_AHEAD seconds.

const Real = Date;
const ahead = Number(process.env.CLOCK_AHEAD ?? 0) * 1000;

globalThis.Date = class extends Real {
  constructor(...args) {
    super(...(args.length > 0 ? args : [Real.now() + ahead]));
  }

  static now() { return Real.now() + ahead; }
};
