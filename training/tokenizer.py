"""One vocabulary for all languages, of the kind that BERT reads: WordPiece on folded text.

Pieces are joined where they are most frequent, so that common words stay whole; a Unigram vocabulary of the same size
cut many of them in two. Small languages are counted more often than they occur, or theirs would hardly be heard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from training.pairs import Pair

PAD, UNKNOWN, CLS, SEP, MASK = "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"
SPECIAL = (PAD, UNKNOWN, CLS, SEP, MASK)
UNKNOWN_ID = SPECIAL.index(UNKNOWN)
#: How a piece that goes on with a word is marked.
INNER = "##"
#: A language with n running texts is counted (most / n) ** HEARD times as often as it occurs.
HEARD = 0.5


def train_tokenizer(pairs: Sequence[Pair], *, vocabulary: int) -> Tokenizer:
    """A tokenizer of ``vocabulary`` pieces. Case and accents are folded away: who asks often leaves them out."""
    tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN, max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=True, lowercase=True
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix=INNER)
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        continuing_subword_prefix=INNER,
        limit_alphabet=400,
        min_frequency=5,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(pairs), trainer)
    cls, sep = tokenizer.token_to_id(CLS), tokenizer.token_to_id(SEP)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{CLS} $A {SEP}", pair=f"{CLS} $A {SEP} $B:1 {SEP}:1", special_tokens=[(CLS, cls), (SEP, sep)]
    )
    return tokenizer


def _texts(pairs: Sequence[Pair]) -> Iterator[str]:
    running = Counter(pair.language for pair in pairs if pair.kind != "term")
    most = max(running.values())
    for pair in pairs:
        times = 1 if pair.kind == "term" else round((most / running[pair.language]) ** HEARD)
        for _ in range(times):
            yield pair.foreign
        yield pair.english
