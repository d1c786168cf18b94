import type { FieldErrors } from '../../api/field-error.ts';
import { listOf, recordOf, textOf, type JsonRecord } from '../../api/json-access.ts';
import type { Json } from '../../api/object.ts';
import { fail, succeed, type Result } from '../../base/result.ts';
import { ConfigReader } from '../metrics/config-reader.ts';
import type { Destination, Notification } from './contract.ts';
import { jsonObjects, partText } from './part-reader.ts';

/** URLs by recipient. They let anybody post, so they are secrets. */
export interface TeamsConfig {
  readonly urls: ReadonlyMap<string, string>;
  readonly insecure: boolean;
}

/** Reads `recipientUrls`. */
export function parseTeamsConfig(configuration: Json): Result<TeamsConfig, FieldErrors> {
  const fields = new ConfigReader(configuration);
  const reader = fields.nested('recipientUrls');
  const urls = new Map(
    Object.keys(fields.peek('recipientUrls')).map((name) => [name, reader.httpUrl(name)?.href ?? ''] as const),
  );
  const insecure = fields.flag('insecureSkipVerify', false);
  const errors = fields.errors();
  return errors.length > 0 ? fail(errors) : succeed({ urls, insecure });
}

/** The URL of a recipient. */
export function recipientUrl({ urls }: TeamsConfig, { recipient }: Destination): Result<string, string> {
  const url = urls.get(recipient);
  if (url !== undefined) return succeed(url);
  return fail(`recipientUrls has no "${recipient}"; there are: ${[...urls.keys()].join(', ')}`);
}

/** What the templates say for a card, with their JSON read. */
export interface CardContent {
  readonly title: string;
  readonly summary: string;
  readonly text: string;
  readonly themeColor: string;
  readonly facts: readonly JsonObject[];
  readonly sections: readonly JsonObject[];
  readonly actions: readonly JsonObject[];
}

type JsonObject = { readonly [key: string]: Json };

/** Reads a part (`teams` or `teams-workflows`). */
export function cardContent(notification: Notification, part: string): Result<CardContent, string> {
  const text = (field: string): string => partText(notification, part, field);
  const facts = jsonObjects(text('facts'), `${part}.facts`);
  if (!facts.ok) return facts;
  const sections = jsonObjects(text('sections'), `${part}.sections`);
  if (!sections.ok) return sections;
  const actions = jsonObjects(text('potentialAction'), `${part}.potentialAction`);
  if (!actions.ok) return actions;
  return succeed({
    title: text('title'),
    summary: text('summary'),
    text: text('text') === '' ? notification.message : text('text'),
    themeColor: text('themeColor'),
    facts: facts.value,
    sections: sections.value,
    actions: actions.value,
  });
}

/** A card in the format of message cards, which connectors of Office 365 take. */
export function messageCard({ title, summary, text, themeColor, facts, sections, actions }: CardContent): JsonObject {
  const allSections = facts.length === 0 ? sections : [...sections, { facts }];
  return {
    '@type': 'MessageCard',
    '@context': 'https://schema.org/extensions',
    // One of the two must be there.
    summary: [summary, title, text].find((candidate) => candidate !== '') ?? 'Rollout',
    ...(title === '' ? {} : { title }),
    text,
    ...(themeColor === '' ? {} : { themeColor }),
    ...(allSections.length === 0 ? {} : { sections: allSections }),
    ...(actions.length === 0 ? {} : { potentialAction: actions }),
  };
}

/** The same as an Adaptive Card, the only format that workflows take. */
export function adaptiveCard({ title, text, themeColor, facts, sections, actions }: CardContent): JsonObject {
  const color = cardColors.has(themeColor) ? { color: themeColor } : {};
  const sets = [facts, ...sections.map((section) => listOf(section['facts']).map(recordOf))];
  return {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      ...(title === ''
        ? []
        : [{ type: 'TextBlock', text: title, size: 'Large', weight: 'Bolder', wrap: true, ...color }]),
      ...(text === '' ? [] : [{ type: 'TextBlock', text, wrap: true }]),
      ...sets.filter((set) => set.length > 0).map((set) => ({ type: 'FactSet', facts: set.map(cardFact) })),
    ],
    ...(actions.length === 0 ? {} : { actions: actions.flatMap(cardAction) }),
  };
}

/** Colors of texts in Adaptive Cards; message cards have hexadecimal ones. */
const cardColors: ReadonlySet<string> = new Set(['Default', 'Dark', 'Light', 'Accent', 'Good', 'Warning', 'Attention']);

function cardFact({ name, value }: JsonRecord): JsonObject {
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : textOf(value);
  return { title: textOf(name), value: text };
}

/** Only links can be carried over. */
function cardAction({ '@type': kind, name, targets }: JsonObject): readonly JsonObject[] {
  const uri = textOf(recordOf(listOf(targets)[0])['uri']);
  return kind === 'OpenUri' && uri !== '' ? [{ type: 'Action.OpenUrl', title: textOf(name), url: uri }] : [];
}
