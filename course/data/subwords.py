"""Words cut into frequent pieces: byte-pair encoding, with the library `tokenizers`."""

SPECIAL = ["<pad>", "<start>", "<end>", "<unk>"]  # numbers 0 to 3, see course.data.pairs


class Subwords:
    """A vocabulary of pieces that was learned from texts.

    Texts are put in lower case. A piece that begins a word is marked with ▁ in front, so
    that spaces come back when pieces are joined; punctuation is never part of a word's
    piece.

    Args:
        texts: what to learn from; the training part and nothing else.
        size: number of pieces, the four special ones included.
    Source: Sennrich, Haddow and Birch (2016), for byte-pair encoding of words.
    """

    def __init__(self, texts, size=2_000):
        from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
        from tokenizers.decoders import Metaspace
        from tokenizers.trainers import BpeTrainer

        self.tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
        self.tokenizer.normalizer = normalizers.Sequence(
            [normalizers.NFC(), normalizers.Lowercase()]
        )
        words = Regex(r"▁?[\w']+|▁?[^\w▁]|▁")
        self.tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Metaspace(split=False), pre_tokenizers.Split(words, "isolated")]
        )
        self.tokenizer.decoder = Metaspace()
        trainer = BpeTrainer(vocab_size=size, special_tokens=SPECIAL, show_progress=False)
        self.tokenizer.train_from_iterator(texts, trainer)

    def __len__(self):
        return self.tokenizer.get_vocab_size()

    def encode(self, texts):
        """Return the piece numbers of each text, in lists, without <start> and <end>."""
        return [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]

    def decode(self, rows):
        """Return the texts that rows of piece numbers spell; special pieces are dropped."""
        return self.tokenizer.decode_batch([list(map(int, row)) for row in rows])

    def pieces(self, text):
        """Return the pieces of a text as strings."""
        return self.tokenizer.encode(text).tokens
