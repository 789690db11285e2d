//! Prediction: both halves agree bit for bit, unknown texts are rejected, threads, no allocation.

use intentkit::MAX_CLAUSES;
use intentkit::data::Example;
use intentkit::decision::{PredictOptions, Scored};
use intentkit::{Classifier, TrainOptions};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts the allocations of the current thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: forwards every call to the system's allocator; the counter is a plain thread-local
// number.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise, forwarded.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, forwarded.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise, forwarded.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn sample() -> Classifier {
    Classifier::load(concat!(env!("CARGO_MANIFEST_DIR"), "/models/assistant.intent")).unwrap()
}

const TEXTS: [&str; 8] = [
    "Can you see my screen?",
    "",
    "?!",
    "turn the volume up and email Anna the report, then remind me at five",
    "Öffne die Straße, bitte — ﬁle",
    "打开我的文件 and read it to me",
    "👩‍🚀🇩🇪 what's on my screen",
    "Z̸̡͖͖̭a̵͔͐l̷̛̰g̶̰͘ọ̵̈́ screen",
];

#[test]
fn the_sample_model_sees_a_question_about_the_screen_as_vision_and_chatbots() {
    let sample = sample();
    let prediction = sample.predict("Can you see my screen?").unwrap();
    let mut labels: Vec<_> = prediction.labels().iter().filter_map(|l| sample.label(l.label)).collect();
    labels.sort_unstable();
    assert_eq!(labels, ["CHATBOTS", "VISION"]);
}

#[test]
fn a_prediction_allocates_nothing_not_even_the_first_or_a_long_one() {
    let sample = sample();
    let long = TEXTS.join(" ").repeat(500);
    let options = PredictOptions::default();
    let mut chosen = [Scored::default(); 8];
    for text in TEXTS.iter().chain([&long.as_str()]) {
        let before = ALLOCATIONS.get();
        let count = sample.predict_into(text, &options, &mut chosen).unwrap();
        let prediction = sample.predict(text).unwrap();
        let features = sample.vectorize(text).unwrap();
        let after = ALLOCATIONS.get();
        assert_eq!(after - before, 0, "{} bytes of text", text.len());
        assert_eq!(prediction.labels().len(), count);
        assert_eq!(features.len(), 256);
    }
}

#[test]
fn predicting_equals_predicting_from_the_rows_bit_for_bit() {
    let sample = sample();
    let options = PredictOptions { top: Some(8), ..Default::default() };
    let mut cut = 0;
    for text in TEXTS {
        let (mut a, mut b) = ([Scored::default(); 8], [Scored::default(); 8]);
        let first = sample.predict_into(text, &options, &mut a).unwrap();
        let mut rows = [[0.0; 256]; MAX_CLAUSES];
        let count = sample.vectorize_rows(text, &mut rows).unwrap();
        let second = sample.predict_features(&rows[..count], &options, &mut b).unwrap();
        assert_eq!(first, second);
        assert!(
            a.iter()
                .zip(&b)
                .all(|(a, b)| a.label == b.label && a.probability.to_bits() == b.probability.to_bits())
        );
        for features in &rows[..count] {
            let length: f32 = features.iter().map(|f| f * f).sum();
            assert!(length > 0.0 && length < 1.0 + 1e-5, "{length}");
        }
        let whole = sample.vectorize(text).unwrap();
        assert_eq!(count == 0, whole == [0.0; 256], "{text}");
        assert!(count != 1 || rows[0] == whole || text.contains(" and "), "{text}");
        cut += usize::from(count > 1);
    }
    assert!(cut > 0, "the sample model cuts texts at `and`");
}

#[test]
fn batches_keep_the_order_and_equal_single_predictions() {
    let sample = sample();
    let texts: Vec<&str> = TEXTS.iter().copied().cycle().take(1000).collect();
    let batch = sample.predict_batch(&texts, &PredictOptions::default()).unwrap();
    for (text, prediction) in texts.iter().zip(&batch) {
        assert_eq!(&sample.predict(text).unwrap(), prediction);
    }
}

#[test]
fn many_threads_get_the_same_answers() {
    let sample = sample();
    let expected: Vec<_> = TEXTS.iter().map(|text| sample.predict(text).unwrap()).collect();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let found: Vec<_> = TEXTS.iter().map(|text| sample.predict(text).unwrap()).collect();
                    assert_eq!(found, expected);
                }
            });
        }
    });
}

#[test]
fn at_least_98_of_100_texts_in_scripts_absent_from_training_are_rejected() {
    let words: [&[&str]; 10] = [
        &["Привет", "открой", "экран", "почта", "завтра", "встреча", "файл", "громче", "покажи", "спасибо"],
        &["Γεια", "άνοιξε", "οθόνη", "αύριο", "μήνυμα", "φάκελος", "δυνατά", "δείξε", "ευχαριστώ", "ώρα"],
        &["打开", "屏幕", "邮件", "明天", "会议", "文件", "音量", "请", "谢谢", "现在"],
        &["افتح", "الشاشة", "البريد", "غدا", "اجتماع", "ملف", "الصوت", "أرني", "شكرا", "الآن"],
        &["खोलो", "स्क्रीन", "ईमेल", "कल", "बैठक", "फ़ाइल", "आवाज़", "दिखाओ", "धन्यवाद", "अभी"],
        &["เปิด", "หน้าจอ", "อีเมล", "พรุ่งนี้", "ประชุม", "ไฟล์", "เสียง", "แสดง", "ขอบคุณ", "ตอนนี้"],
        &["열어", "화면", "메일", "내일", "회의", "파일", "소리", "보여줘", "고마워", "지금"],
        &[
            "ひらいて",
            "がめん",
            "メール",
            "あした",
            "かいぎ",
            "ファイル",
            "おと",
            "みせて",
            "ありがとう",
            "いま",
        ],
        &["פתח", "מסך", "דואר", "מחר", "פגישה", "קובץ", "קול", "הראה", "תודה", "עכשיו"],
        &["გახსენი", "ეკრანი", "ფოსტა", "ხვალ", "შეხვედრა", "ფაილი", "ხმა", "მაჩვენე", "მადლობა", "ახლა"],
    ];
    let sample = sample();
    let mut rejected = 0;
    for script in words {
        for i in 0..10 {
            let text: Vec<&str> = (0..3 + i % 5).map(|j| script[(i * 3 + j * 7) % 10]).collect();
            rejected += usize::from(sample.predict(&text.join(" ")).unwrap().is_rejected());
        }
    }
    assert!(rejected >= 98, "{rejected} of 100 rejected");
}

#[test]
fn a_rejected_text_has_no_labels_whatever_is_asked_for() {
    let sample = sample();
    for options in [
        PredictOptions { top: Some(5), ..Default::default() },
        PredictOptions { threshold: Some(0.0), ..Default::default() },
        PredictOptions { keep: Some(1.0), ..Default::default() },
    ] {
        assert!(sample.predict_with("Привет, как дела?", &options).unwrap().is_rejected());
    }
}

#[test]
fn a_text_of_a_mebibyte_is_classified_and_one_byte_more_is_an_error() {
    let sample = sample();
    let text = "screen ".repeat(1 << 18);
    sample.predict(&text[..1 << 20]).unwrap();
    assert!(sample.predict(&text[..(1 << 20) + 1]).unwrap_err().to_string().contains("1048577 bytes"));
}

/// What takes an emulated CPU minutes and depends on no CPU; CI leaves it out there.
mod slow {
    use super::*;

    #[test]
    fn thousands_of_labels_work() {
        let names: Vec<String> = (0..2100).map(|i| format!("label{i}")).collect();
        let examples: Vec<Example> = names
            .iter()
            .enumerate()
            .map(|(i, name)| Example::new(format!("word{i} alpha{}", i * 7919), [name.as_str()]))
            .collect();
        let options =
            TrainOptions { epochs: Some(1), batch: Some(512), outliers: Some(0.0), ..Default::default() };
        let (classifier, _) = Classifier::train(&examples, &options).unwrap();
        let before = ALLOCATIONS.get();
        let mut chosen = vec![];
        let all = PredictOptions { top: Some(2100), keep: Some(1.0), ..Default::default() };
        assert_eq!(classifier.predict_into("word17 alpha", &all, &mut chosen).unwrap(), 2100);
        assert_eq!(ALLOCATIONS.get(), before);
        assert_eq!(classifier.predict_with("word17 alpha", &all).unwrap().labels().len(), 2100);
    }
}
