/** Every format, those that tell more before those that tell less: of two that overlap the first is the finding. */
import { codeRules } from './formats-code.ts';
import { modelRules } from './formats-models.ts';
import type { Rule } from './formats-rule.ts';
import { serviceRules } from './formats-services.ts';
import { shapeRules } from './formats-shapes.ts';

const general = 'password-in-address';

export const rules: readonly Rule[] = [
  ...[...codeRules, ...modelRules, ...serviceRules, ...shapeRules].filter(({ id }) => id !== general),
  ...shapeRules.filter(({ id }) => id === general),
];
