// What changed from the released schema to the present one, by graphql-inspector.
//
// In:  {"released", "current", "today"} on standard input: two SDL texts and a day. The released text begins with a line
//      `# Release 0.1.0, 2026-11-22`.
// Out: {"breaking", "dangerous", "allowed", "hurried"}: lists of lines, each with the path of what changed.
//
// Removing what was deprecated in the release is allowed once the day has passed that its reason names: "Removed after
// 2027-06-30." A type goes with the last member that leads to it. What is deprecated since the release must stay for 12 months.

import { readFileSync } from 'node:fs';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema, getNamedType, isEnumType, isInputObjectType, isInterfaceType, isObjectType, isUnionType } from 'graphql';

const { released: releasedText, current: currentText, today } = JSON.parse(readFileSync(0, 'utf8'));
const releasedOn = /^# Release \S+, (\d{4}-\d{2}-\d{2})\n/.exec(releasedText)?.[1];
if (!releasedOn) throw new Error('The released schema does not begin with its release and day.');
const [released, current] = [releasedText, currentText].map((text) => buildSchema(text));

/** Every member of a schema by its path, as graphql-inspector writes it. */
function members(schema) {
  const all = new Map();
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    if (isEnumType(type)) for (const value of type.getValues()) all.set(`${type.name}.${value.name}`, value);
    if (isUnionType(type)) for (const member of type.getTypes()) all.set(`${type.name}.${member.name}`, { type: member });
    if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) {
        all.set(`${type.name}.${field.name}`, field);
        for (const argument of field.args ?? []) all.set(`${type.name}.${field.name}.${argument.name}`, argument);
      }
    }
  }
  return all;
}

const [before, now] = [members(released), members(current)];
const lastDay = (member) => / Removed after (\d{4}-\d{2}-\d{2})\.$/.exec(member?.deprecationReason ?? '')?.[1];
const isOver = (path) => {
  const day = lastDay(before.get(path));
  return day !== undefined && day < today;
};

/** Whether whatever led to a type was to go by now. */
function isLeft(name, seen = new Set()) {
  if (seen.has(name)) return true;
  seen.add(name);
  const leading = [...before].filter(([, member]) => member.type && getNamedType(member.type).name === name);
  return leading.length > 0 && leading.every(([path]) => {
    const [of, field] = path.split('.');
    return isOver(path) || isOver(`${of}.${field}`) || (!current.getType(of) && isLeft(of, seen));
  });
}

const REMOVED = ['FIELD_REMOVED', 'FIELD_ARGUMENT_REMOVED', 'ENUM_VALUE_REMOVED', 'INPUT_FIELD_REMOVED'];
const lists = { breaking: [], dangerous: [], allowed: [], hurried: [] };
for (const { type, path, message, criticality } of await diff(released, current)) {
  const line = `${path}: ${message}`;
  if (criticality.level === CriticalityLevel.Breaking) {
    const isAllowed = (REMOVED.includes(type) && isOver(path)) || (type === 'TYPE_REMOVED' && isLeft(path));
    lists[isAllowed ? 'allowed' : 'breaking'].push(line);
  } else if (criticality.level === CriticalityLevel.Dangerous) {
    lists.dangerous.push(line);
  }
}

const [year, ...rest] = releasedOn.split('-');
const soonest = [Number(year) + 1, ...rest].join('-');
for (const [path, member] of now) {
  if (member.deprecationReason == null || before.get(path)?.deprecationReason != null) continue;
  const day = lastDay(member);
  if (day === undefined || day < soonest) {
    lists.hurried.push(`${path}: deprecated until ${day ?? 'no day'}, which is not 12 months after the release of ${releasedOn}`);
  }
}
process.stdout.write(JSON.stringify(lists));
