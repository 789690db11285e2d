// IntentKit for Objective-C: one class over the C interface, for the first week. What it lacks, such as keyword rules and statistics, is in
// intentkit.h, which Objective-C reads as it is. Works with ARC and with manual retain and release.
#import <Foundation/Foundation.h>

NS_ASSUME_NONNULL_BEGIN

/// The domain of the errors here. Their codes are the INTENT_STATUS_ constants of intentkit.h, their description is the library's sentence.
extern NSString *const INTErrorDomain;

/// A chosen label.
@interface INTLabel : NSObject {
@private
  NSString *_name;
  float _probability;
}
@property (nonatomic, readonly, copy) NSString *name;
/// From 0 to 1.
@property (nonatomic, readonly) float probability;
- (instancetype)init __attribute__((unavailable("labels come from a classifier")));
@end

/// A text classifier that runs, trains and learns on this device. Any number of threads may use one at once, also while it learns.
@interface INTClassifier : NSObject {
@private
  struct intent_classifier *_classifier;
}

/// The names of the labels it knows.
@property (nonatomic, readonly, copy) NSArray<NSString *> *labelNames;

/// Opens a model file.
- (nullable instancetype)initWithContentsOfURL:(NSURL *)url error:(NSError **)error NS_DESIGNATED_INITIALIZER;

/// Learns from texts and the names of the labels of each, none for a text that belongs to no label. Blocks for as long as it takes, from tens
/// of milliseconds to seconds.
- (nullable instancetype)initWithTexts:(NSArray<NSString *> *)texts
                                labels:(NSArray<NSArray<NSString *> *> *)labels
                                 error:(NSError **)error NS_DESIGNATED_INITIALIZER;

- (instancetype)init __attribute__((unavailable("train one or open one")));

/// The labels of a text, best first: none when it is rejected, nil on failure.
- (nullable NSArray<INTLabel *> *)labelsForText:(NSString *)text error:(NSError **)error;

#ifdef __BLOCKS__
/// The labels of a text, from a thread of the library's. The handler is called once, on that thread, unless this fails.
- (BOOL)requestLabelsForText:(NSString *)text
           completionHandler:(void (^)(NSArray<INTLabel *> *_Nullable labels, NSError *_Nullable error))handler
                       error:(NSError **)error;
#endif

/// Learns from a few examples without a full training: corrections, new texts, new labels. Blocks for some milliseconds an example.
- (BOOL)updateWithTexts:(NSArray<NSString *> *)texts
                 labels:(NSArray<NSArray<NSString *> *> *)labels
                  error:(NSError **)error;

/// Writes the model to a file, in one step.
- (BOOL)saveToURL:(NSURL *)url error:(NSError **)error;

/// Writes the network as a Core ML package in float16.
- (BOOL)exportCoreMLToURL:(NSURL *)url error:(NSError **)error;

@end

NS_ASSUME_NONNULL_END
