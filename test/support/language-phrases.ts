/** Phrases that slow down a reader, with the words to use instead. The glossary is in CONTRIBUTING.md. */
export interface RejectedPhrase {
  readonly pattern: RegExp
  readonly instead: string
}

const reject = (pattern: RegExp, instead: string): RejectedPhrase => ({ pattern, instead })

export const rejectedPhrases: readonly RejectedPhrase[] = [
  // Words in senses that English has lost or never had.
  reject(/\boctets?\b(?! ?strings?\b)(?!-)/i, 'bytes (octets only where a sentence names its RFC)'),
  reject(/\bdear\b/i, 'expensive'),
  reject(/\bbe had\b/i, 'available'),
  // `None` in the tests' Python programs has a capital letter.
  reject(/(?<!\bthere )\b(?:[Ii]s|[Aa]re) none\b/, 'does not exist, is invalid'),
  reject(
    /(?<!\bthere )\b(?:is|are) no (?!longer\b|more\b|less\b|later\b|earlier\b|match\b)/i,
    'is not a …, is invalid',
  ),
  reject(/\bthat there (?:is|are) not\b/i, 'nonexistent'),
  reject(/\bof no use\b/i, 'useless, invalid'),
  reject(/\bcounts? for\b/i, 'applies to'),
  reject(/\b(?:go|goes|does not go|do not go) with\b/i, 'be combined with'),
  reject(/\bat once\b/i, 'immediately, or in one snapshot, or concurrently'),
  reject(/\bsigns? of life\b/i, 'heartbeat'),
  reject(/\banew\b/i, 'again'),
  reject(/\binto use\b/i, 'activate'),
  reject(/\b(?:has|have) to hold\b/i, 'must be true'),
  reject(/\b(?:wish|wishes|wished)\b/i, 'options, request'),
  // Clauses where a noun would be better.
  reject(/\bwhoever\b/i, 'a noun: the reader, the caller'),
  reject(
    /\bwhat (?:is|was|are|were|has been) (?:issued|revoked|said|asked|told|recorded|known|meant|wanted|kept|left|stored|written|read|given|made|there|needed|due|large|not)\b/i,
    'a noun: issued certificates, the stored rows',
  ),
  // Machines do not say, hear, tell, wish, ask or know.
  reject(
    /\b(?:is|are|was|were|be|been|being) (?:told|said)\b/i,
    'receives, is reported, is logged',
  ),
  reject(/\bhears?\b/i, 'receives'),
  // Literal translations.
  reject(/\blooks? whether\b/i, 'checks whether'),
  reject(/\b(?:be|is|are|was|were) looked at\b/i, 'be checked, be examined'),
  reject(/\bnobody answers\b/i, 'cannot connect'),
  reject(/\bthere is no status\b/i, 'the server is not reachable'),
  reject(/\bLooking for what\b/i, 'checking for'),
  reject(/\bwas there already\b/i, 'already exists'),
  reject(/\bsince its start\b/i, 'since startup'),
  reject(/\b(?:take|takes|taken|taking) on\b/i, 'assume'),
  reject(/\bto its end\b/i, 'completely'),
  reject(/\bCommands for each day\b/i, 'everyday commands'),
]

/** Comments that do not start with their subject. */
export const headlessComment =
  /^(?:Of|Whoever|The same|As (?:it|they|if)|What|For what|By what|That|Those)\b/
