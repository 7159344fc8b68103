import { format, plural } from './format';

export const chat = {
  title: 'Chat',
  base: 'Base',
  tuned: 'Tuned',
  // Why nothing can be asked now.
  noModel: 'Open a model in the step “Model” to chat with it.',
  training: 'The device is busy with training. You can chat when it is done.',
  trainingPaused: 'The training is paused. Resume it or stop it: you can chat when it is over.',
  opening: 'A model is opening. One moment.',
  exporting: 'The device is busy with the export. One moment.',
  wrongSetting: (name: string) => `Correct ${name} in the settings first.`,
  // Settings of answers.
  endsAt: (most: string) =>
    `An answer ends at ${most} tokens at the latest: a conversation has no room for more.`,
  hot: (most: string) => `Above ${most}, the words of an answer are nearly random.`,
  baseOnly: 'Only the base model answers so far. After training, the tuned model answers beside it.',
  withAdapter: (model: string, adapter: string) => `${model} with the adapter “${adapter}”`,
  oneAfterOther:
    'The device has no room for two conversations at once, so the models answer one after the other.',
  otherSpeaker: (speaker: string) =>
    `This conversation was with ${speaker}. Your next question begins a new one.`,
  // The field.
  question: 'Your question',
  placeholder: 'Ask something',
  send: 'Send',
  stop: 'Stop',
  stopOne: (side: string) => `Stop: ${side}`,
  keys: 'Enter sends, Shift + Enter makes a new line, Escape stops the answers.',
  tokens: (tokens: number, room: number) => `${format.count(tokens)} of ${format.count(room)} tokens`,
  tokensHelp:
    'The length of the conversation as the model reads it, with your question. The answer needs room as well. The room is that of the model, or less: the page limits it to save memory on the device.',
  tooLong: (excess: number, room: number) =>
    `Too long by ${plural(excess, 'token')}; a conversation has room for ${format.count(room)} here. Shorten it, or begin a new one.`,
  // The conversation.
  empty: 'No conversation yet. Try one of these:',
  tries: ['Who are you?', 'What does a cat say?', 'What is the opposite of big?'],
  you: 'You',
  newest: 'Jump to the newest text',
  edit: 'Edit',
  editQuestion: 'Edit the question',
  editForks: 'The conversation so far is saved; this question begins a new one.',
  sendEdited: 'Ask this instead',
  copyAnswer: (side: string) => `Copy the answer: ${side}`,
  copyQuestion: 'Copy the question',
  regenerate: 'Again',
  regenerateOne: (side: string) => `Answer again: ${side}`,
  writing: 'writing…',
  waiting: 'waiting…',
  speed: (rate: string) => `${rate} tokens/s`,
  stoppedBy: { person: 'stopped', length: 'cut at max_new_tokens', stop_token: '' },
  same: 'same as before',
  sameHelp: 'With temperature 0, the model always takes the most likely token.',
  unanswered: 'No answer.',
  nothing: '(an empty answer)',
  // All conversations.
  fresh: 'New chat',
  conversations: 'Conversations',
  conversationsHelp: 'They stay in this browser, unless you save them as a file.',
  noConversations: 'No saved conversations yet.',
  untitled: '(no question)',
  questions: (turns: number) => plural(turns, 'question'),
  open: 'Open',
  isOpen: 'open now',
  remove: 'Remove',
  removeTitle: 'Remove this conversation?',
  removeBody: (title: string) => `“${title}” is deleted for good.`,
  save: 'Save',
  saveMarkdown: 'As Markdown, to read',
  saveRows: 'As JSON, to train on',
  fileName: 'conversation',
  // The settings.
  settings: 'Settings',
  system: 'System prompt',
  systemHelp: 'The model reads it before everything else. Leave it empty for none.',
  systemOpened: 'The prompt of this conversation. A new chat starts with your own prompt again.',
  reset: 'Back to the defaults',
};
