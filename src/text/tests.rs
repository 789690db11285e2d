use super::normalise::normalise;
use super::*;
use caseless::Caseless;
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for_each_word(text, |word| words.push(word.to_owned()));
    words
}

/// Words as they are; marks after a NUL, which no word contains.
fn tokens_in_window<const N: usize>(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    unicode_tokens::<N>(text, &mut |token| tokens.push(written(token)));
    tokens
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for_each_token(text, |token| tokens.push(written(token)));
    tokens
}

fn written(token: Token<'_>) -> String {
    match token {
        Token::Word(word) => word.text().to_owned(),
        Token::Mark(mark) => format!("\0{mark}"),
    }
}

fn normalised(text: &str) -> String {
    let mut out = String::new();
    normalise(text.chars(), |c| out.push(c));
    out
}

/// The same from the crates' own iterators, which allocate.
fn oracle(text: &str) -> String {
    let folded = text.chars().stream_safe().nfkd().default_case_fold();
    let mut before = '\0';
    let undotted = folded.filter(|&c| {
        let dropped = before == 'i' && c == '\u{307}';
        before = if dropped { before } else { c };
        !dropped
    });
    undotted.nfkc().collect()
}

#[test]
fn words_are_normalised_and_an_emoji_is_one() {
    let mut words = Vec::new();
    for_each_word("Don\u{2019}t close \u{130}stanbul's \u{fb01}le! \u{1f1f9}\u{1f1f7}", |word| {
        words.push(word.to_owned());
    });
    assert_eq!(words, ["dont", "close", "istanbuls", "file", "\u{1f1f9}\u{1f1f7}"]);
}

#[test]
fn turkish_words_match_in_capitals_and_small_letters() {
    assert_eq!(words("İSTANBUL İstanbul istanbul i\u{307}stanbul"), ["istanbul"; 4]);
    assert_eq!(words("ISPARTA'ya ırmak"), ["ispartaya", "ırmak"]);
    assert_eq!(words("I\u{307}\u{301}"), ["í"]);
}

#[test]
fn german_words_match_in_every_spelling() {
    assert_eq!(words("STRASSE straße STRAẞE"), ["strasse"; 3]);
    assert_eq!(words("Größe gro\u{308}ße GRÖSSE gro\u{AD}\u{308}sse"), ["grösse"; 4]);
}

#[test]
fn chinese_characters_are_one_word_each() {
    assert_eq!(words("你好，世界。"), ["你", "好", "世", "界"]);
}

#[test]
fn arabic_and_hindi_words_keep_their_marks() {
    assert_eq!(words("مَرْحَبًا بِكَ؟"), ["مَرْحَبًا", "بِكَ"]);
    assert_eq!(words("हिन्दी क्\u{200D}ष नमस्ते।"), ["हिन्दी", "क्ष", "नमस्ते"]);
    assert_eq!(words("ราคา"), ["ร", "า", "ค", "า"]);
}

#[test]
fn emoji_and_flags_are_words_of_their_own() {
    assert_eq!(words("hi👩\u{200D}🚀🇩🇪🇫🇷 ❤\u{FE0F}👍🏽!"), ["hi", "👩🚀", "🇩🇪", "🇫🇷", "❤", "👍🏽"]);
    assert_eq!(
        words("🏴\u{E0067}\u{E0062}\u{E007F} 1\u{FE0F}\u{20E3} a\u{200D}🚀"),
        ["🏴", "1\u{20E3}", "a", "🚀"]
    );
}

#[test]
fn width_ligatures_and_invisible_characters_make_no_difference() {
    assert_eq!(
        words("ＦＵＬＬ ﬁle so\u{AD}ft \u{200F}bidi\u{200E} \u{FEFF}x"),
        ["full", "file", "soft", "bidi", "x"]
    );
    assert_eq!(words("zero\u{200B}width"), ["zero", "width"]);
}

#[test]
fn apostrophes_vanish_inside_words_and_separate_outside() {
    assert_eq!(words("don’t don't DON'T donʼt DON＇T"), ["dont"; 5]);
    for text in ["rock 'n' roll", "rock ‘n’ roll"] {
        assert_eq!(words(text), ["rock", "n", "roll"]);
    }
    assert_eq!(words("5'a a'5 5'5 a''b a'_b 'x'"), ["5", "a", "a", "5", "55", "a", "b", "a", "b", "x"]);
}

#[test]
fn marks_between_words_are_reported_and_those_within_are_not() {
    assert_eq!(
        tokens("Play it, then don't: 3.5 and 1,000 at example.com; ok?"),
        [
            "play", "it", "\0,", "then", "dont", "\0:", "3", "5", "and", "1", "000", "at", "example", "com",
            "\0;", "ok", "\0?"
        ]
    );
    assert_eq!(tokens("开灯，放歌、_关门。"), ["开", "灯", "\0,", "放", "歌", "\0、", "关", "门", "\0。"]);
}

#[test]
fn texts_without_words_give_none() {
    for text in ["", " ", "...!?_-\0\u{7F}", "—…、。", "\u{301}\u{200D}\u{34F}", "'", "’"] {
        assert_eq!(words(text), [""; 0], "{text:?}");
    }
}

#[test]
fn long_words_are_cut_at_a_character_boundary() {
    assert_eq!(words(&"A".repeat(130)), ["a".repeat(64), "a".repeat(64), "aa".into()]);
    assert_eq!(words(&format!("a{}", "ö".repeat(32))), [format!("a{}", "ö".repeat(31)), "ö".into()]);
    assert_eq!(words(&format!("{}'b", "é".repeat(32))), ["é".repeat(32), "b".into()]);
}

#[test]
fn the_longest_texts_take_no_time() {
    let start = std::time::Instant::now();
    let most = |unit: &str| words(&unit.repeat(MAX_TEXT_BYTES / unit.len()));
    assert_eq!(most("a").len(), MAX_TEXT_BYTES / 64);
    assert_eq!(most("\u{316}\u{301}"), [""; 0]);
    assert_eq!(words(&format!("a{}b", "\u{20DD}".repeat(300_000))).len(), 2);
    assert_eq!(most("👩\u{200D}").concat().chars().count(), MAX_TEXT_BYTES / 7);
    assert_eq!(most("\u{3000}_·.\u{FDFA}").len() % 4, 0);
    for unit in ["é", "\u{3000}", "_\u{301}", "…", "🏽", "🇩🇪", "a.", "א\"", "\u{1E9B}\u{323}", "가", "don’t "]
    {
        most(unit);
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

#[test]
fn every_character_normalises_as_the_oracle_says() {
    for c in '\0'..=char::MAX {
        for text in [format!("{c}"), format!("i\u{345}{c}\u{307}\u{323}")] {
            assert_eq!(normalised(&text), oracle(&text), "{text:?}");
        }
    }
}

/// Characters that are hard to normalise or split, alone and in any mixture.
const NASTY: &[char] = &[
    'a', 'I', 'i', 'ß', 'İ', 'ŉ', 'ﬃ', 'Σ', 'é', '5', '٣', '½', '_', '‿', ' ', '\u{3000}', '\r', '\n', '\0',
    '.', ',', ':', ';', '\'', '’', '‘', 'ʼ', '"', '-', '·', '\u{301}', '\u{307}', '\u{308}', '\u{323}',
    '\u{345}', '\u{344}', '\u{20E3}', '\u{34F}', '\u{AD}', '\u{200B}', '\u{200C}', '\u{200E}', '\u{FE0F}',
    'א', 'カ', 'ｶ', 'ﾞ', '你', 'ก', 'ำ', 'क', '्', 'ि', 'ৗ', 'ে', '가', '\u{11A8}', '\u{1161}', '\u{600}', '🚀',
    '🅰', '©', '™', '★', '🏽', '🇩', 'ᾳ', 'Å', '\u{FDFA}',
];

fn nasty_text(more: &'static [char]) -> impl Strategy<Value = String> {
    let list: Vec<char> = NASTY.iter().chain(more).copied().collect();
    let c = prop_oneof![8 => prop::sample::select(list), 1 => any::<char>()];
    let piece = (prop::collection::vec(c, 1..8), prop_oneof![9 => Just(1_usize), 1 => 2..80_usize]);
    let pieces = prop::collection::vec(piece, 0..12);
    pieces.prop_map(|pieces| pieces.iter().map(|(s, n)| String::from_iter(s).repeat(*n)).collect())
}

/// A segment without end: undertie extends the characters before it, and so do marks.
#[test]
fn a_segment_longer_than_the_window_is_one_segment() {
    let text = "\u{203F}\u{301}".repeat(2000);
    assert_eq!(tokens_in_window::<1024>(&text), tokens_in_window::<60_000>(&text));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn normalising_equals_the_oracle(text in nasty_text(&[ZWJ])) {
        prop_assert_eq!(normalised(&text), oracle(&text));
    }

    #[test]
    fn ascii_texts_give_the_same_words_and_marks_on_both_paths(
        random in "[\\x00-\\x7F]{0,60}",
        rich in "([a-cA-C'0-2.:_, ;\"]|don't|a{30}|\r\n){0,400}",
        times in 1..6_usize,
    ) {
        for text in [random, rich.repeat(times)] {
            prop_assert_eq!(tokens(&text), tokens_in_window::<WINDOW>(&text), "{:?}", text);
        }
    }

    #[test]
    fn words_and_marks_do_not_depend_on_the_window(text in nasty_text(&[ZWJ]), times in 1..8_usize, shift in 0..1100_usize) {
        let text = "x ".repeat(shift) + &text.repeat(times);
        let whole = tokens_in_window::<60_000>(&text);
        prop_assert_eq!(&tokens_in_window::<1024>(&text), &whole);
        prop_assert_eq!(&tokens_in_window::<1025>(&text), &whole);
        prop_assert_eq!(&tokens_in_window::<WINDOW>(&text), &whole);
    }

    /// The exceptions; only the first occurs in real text. Joined emoji lose their joiners,
    /// stream-safe text its joiner after 30 marks in a row, and conjoining jamo can meet when an
    /// apostrophe between them is removed.
    #[test]
    fn splitting_the_words_again_changes_nothing(text in nasty_text(&[])) {
        let text = text.replace([ZWJ, '\u{1161}', '\u{11A8}'], "");
        if visible(&text).stream_safe().any(|c| c == '\u{34F}') {
            return Ok(());
        }
        let once = words(&text);
        prop_assert!(once.iter().all(|word| (1..=MAX_WORD_BYTES).contains(&word.len())));
        prop_assert_eq!(words(&once.join(" ")), once);
    }
}
