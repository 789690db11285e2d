// IntentKit for Objective-C: one class over the C interface, for a quick start. For everything
// else, such as keyword rules and statistics, include intentkit.h. Works with ARC and with manual
// retain and release.
#import <Foundation/Foundation.h>

NS_ASSUME_NONNULL_BEGIN

/// Domain of the errors of this class. Codes are the INTENT_STATUS_ constants of intentkit.h. The
/// localized description is a message of the library.
extern NSString *const INTErrorDomain;

/// A chosen label.
@interface INTLabel : NSObject {
@private
  NSString *_name;
  float _probability;
}
@property (nonatomic, readonly, copy) NSString *name;
/// Probability, 0 to 1.
@property (nonatomic, readonly) float probability;
- (instancetype)init __attribute__((unavailable("labels come from a classifier")));
@end

/// A text classifier that runs, trains and learns on this device.
///
/// Thread-safe: any number of threads may use one classifier at once, also while it learns.
@interface INTClassifier : NSObject {
@private
  struct intent_classifier *_classifier;
}

/// Names of the labels. Updates may add labels.
@property (nonatomic, readonly, copy) NSArray<NSString *> *labelNames;

/// Loads a classifier from a model file. Returns nil on failure.
- (nullable instancetype)initWithContentsOfURL:(NSURL *)url error:(NSError **)error NS_DESIGNATED_INITIALIZER;

/// Trains a classifier. Returns nil on failure.
///
/// `labels` has one array of label names per text. An empty array marks a text that is out of
/// scope. Blocks until the training is done, from tens of milliseconds to seconds.
- (nullable instancetype)initWithTexts:(NSArray<NSString *> *)texts
                                labels:(NSArray<NSArray<NSString *> *> *)labels
                                 error:(NSError **)error NS_DESIGNATED_INITIALIZER;

- (instancetype)init __attribute__((unavailable("use initWithContentsOfURL:error: or initWithTexts:labels:error:")));

/// Returns the labels of a text, best first. Empty if the text is rejected, nil on failure.
- (nullable NSArray<INTLabel *> *)labelsForText:(NSString *)text error:(NSError **)error;

#ifdef __BLOCKS__
/// Queues a text and returns at once. Returns NO on failure.
///
/// If it returns YES, the handler is called once, on a thread of the library.
- (BOOL)requestLabelsForText:(NSString *)text
           completionHandler:(void (^)(NSArray<INTLabel *> *_Nullable labels, NSError *_Nullable error))handler
                       error:(NSError **)error;
#endif

/// Teaches the classifier a few examples without a full training: corrections, new texts, new
/// labels. Returns NO on failure.
///
/// `labels` is as for training. Blocks for some milliseconds per example.
- (BOOL)updateWithTexts:(NSArray<NSString *> *)texts
                 labels:(NSArray<NSArray<NSString *> *> *)labels
                  error:(NSError **)error;

/// Saves the model to a file. An existing file is replaced in one step. Returns NO on failure.
- (BOOL)saveToURL:(NSURL *)url error:(NSError **)error;

/// Writes the network as a Core ML package in float16. Returns NO on failure.
- (BOOL)exportCoreMLToURL:(NSURL *)url error:(NSError **)error;

@end

NS_ASSUME_NONNULL_END
