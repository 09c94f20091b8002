// The one place that knows which engine the page has.

export { fakeLab as newLab } from '../engine/fake';
