// Messages, entries and actions of the commit layer as short texts: what tables and traces are made of.
import type {
  Answer,
  Aside,
  Ask,
  CoordinatorAction,
  KeyValue,
  ParticipantAction,
  ResolverAction,
  TxnEntry,
  TxnKey,
} from '../../src/commit/index.js';

const key = ({ db, key: name, exclusive }: TxnKey) =>
  `${db === 0 ? '' : `${db}:`}${name}${exclusive ? '!' : ''}`;
const value = ({ key: name, payload }: KeyValue) =>
  `${name}=${payload === null ? 'nil' : payload.toString('latin1')}`;
const shown = (bytes: Buffer) => JSON.stringify(bytes.toString('latin1'));

const asideOf = ({ values, runs }: Aside) =>
  `aside with ${values.map(value).join(' ')}: ${runs.map(({ command }) => shown(command)).join(' ')}`;

/** An Ask without its txn. */
export function showAsk(ask: Ask): string {
  switch (ask.kind) {
    case 'lock': {
      const what = ask.everything ? 'everything' : ask.keys.map(key).join(' ');
      return `lock ring ${ask.ring}: ${what}${ask.fetch ? ', fetch' : ''}${ask.read ? `, read ${shown(ask.read.command)}` : ''}${ask.atOnce ? ', at once' : ''}${ask.aside ? `, ${asideOf(ask.aside)}` : ''}${ask.take ? `, take ${ask.take.keys}` : ''}`;
    }
    case 'release':
      return 'release';
    case 'aside':
      return asideOf(ask);
    case 'prepare':
      return `prepare token ${ask.token} of ${ask.participants.join(' ')}: ${ask.part ? `${ask.part} ` : ''}${shown(ask.effects)}`;
    case 'outcome':
      return ask.commit ? 'commit' : 'abort';
    case 'forget':
    case 'inquire':
      return ask.kind;
  }
}

/** An Answer without its txn. */
export function showAnswer(answer: Answer): string {
  switch (answer.kind) {
    case 'locked':
      return `locked token ${answer.token}${answer.values.map((each) => ` ${value(each)}`).join('')}${answer.taken ? ` taken ${answer.taken.keys}` : ''}`;
    case 'refused':
      return `refused ${answer.why}`;
    case 'ran':
      return `ran ${shown(answer.reply)}${answer.changes.map((each) => ` ${value(each)}`).join('')}`;
    case 'vote':
      return `vote ${answer.vote}`;
    case 'done':
      return 'done';
    case 'state':
      return `state ${answer.state}`;
  }
}

/** A log entry without its txn. */
export function showEntry(entry: TxnEntry): string {
  switch (entry.kind) {
    case 'prepare':
      return `prepare of ${entry.participants.join(' ')}`;
    case 'outcome':
      return entry.commit ? 'commit' : 'abort';
    case 'never':
      return 'never';
    case 'forget':
      return entry.fence ? 'forget and fence' : 'forget';
  }
}

/** What a participant does. */
export function showParticipant(action: ParticipantAction<string>): string {
  switch (action.do) {
    case 'log':
      return `log ${showEntry(action.entry)}`;
    case 'apply':
      return `apply ${shown(action.effects)}`;
    case 'send':
      return `send ${action.lane} ${showAnswer(action.answer)}`;
    case 'fetch':
      return `fetch for ${action.lane}`;
    case 'wake':
      return `wake ${action.parked.join(' ')}`;
  }
}

/** What a coordinator does. */
export function showCoordinator(action: CoordinatorAction): string {
  switch (action.do) {
    case 'send':
      return `to ${action.group}: ${showAsk(action.ask)}`;
    case 'answer':
      return `answer ${shown(action.reply)}`;
    case 'large':
      return `move ${action.key} from ${action.group}`;
    case 'retry':
      return `retry, ${action.why}`;
    case 'fail':
      return `fail ${action.error}`;
    case 'uncertain':
    case 'end':
      return action.do;
  }
}

/** What a resolver does. */
export function showResolver(action: ResolverAction): string {
  switch (action.do) {
    case 'send':
      return `to ${action.group}: ${showAsk(action.ask)}`;
    case 'decide':
      return action.commit ? 'decide commit' : 'decide abort';
    case 'settled':
      return 'settled';
  }
}
