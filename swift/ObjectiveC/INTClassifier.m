#import "INTClassifier.h"

#if __has_include(<CIntentKit/intentkit.h>)
#include <CIntentKit/intentkit.h>
#else
#include "intentkit.h"
#endif
#include <stdlib.h>

#if __has_feature(objc_arc)
#define INTRelease(object)
#define INTAutorelease(object) (object)
#else
#define INTRelease(object) [(object) release]
#define INTAutorelease(object) [(object) autorelease]
#endif

NSString *const INTErrorDomain = @"IntentKit";

/// Turns a C error into an NSError and releases it.
static BOOL INTSucceeded(intent_status status, intent_error *problem, NSError **error) {
  if (status == INTENT_STATUS_OK) {
    return YES;
  }
  if (error != NULL) {
    const char *sentence = intent_error_message(problem);
    NSString *message = sentence != NULL ? [NSString stringWithUTF8String:sentence] : @"IntentKit failed";
    *error = [NSError errorWithDomain:INTErrorDomain code:status userInfo:@{NSLocalizedDescriptionKey : message}];
  }
  intent_error_free(problem);
  return NO;
}

/// Valid as long as the string or the autorelease pool lives.
static intent_text INTText(NSString *string) {
  intent_text text;
  text.bytes = (const uint8_t *)[string UTF8String];
  text.length = text.bytes != NULL ? [string lengthOfBytesUsingEncoding:NSUTF8StringEncoding] : 0;
  return text;
}

/// Examples as C takes them. One free() of `texts` releases all arrays.
typedef struct {
  intent_text *texts;
  intent_text *labels;
  size_t *counts;
} INTExamples;

static BOOL INTMakeExamples(NSArray<NSString *> *texts, NSArray<NSArray<NSString *> *> *labels, INTExamples *out, NSError **error) {
  size_t names = 0;
  for (NSArray<NSString *> *some in labels) {
    names += [some count];
  }
  size_t count = [texts count];
  BOOL fits = count == [labels count];
  intent_text *memory = fits ? malloc((count + names) * sizeof(intent_text) + count * sizeof(size_t) + 1) : NULL;
  if (memory == NULL) {
    if (error != NULL) {
      NSString *message = fits ? @"there is no memory for the examples" : @"labels must have one array per text";
      *error = [NSError errorWithDomain:INTErrorDomain
                                   code:fits ? INTENT_STATUS_OUT_OF_MEMORY : INTENT_STATUS_INVALID_ARGUMENT
                               userInfo:@{NSLocalizedDescriptionKey : message}];
    }
    return NO;
  }
  *out = (INTExamples){memory, memory + count, (size_t *)(memory + count + names)};
  size_t label = 0;
  for (size_t i = 0; i < count; i++) {
    out->texts[i] = INTText([texts objectAtIndex:i]);
    NSArray<NSString *> *some = [labels objectAtIndex:i];
    out->counts[i] = [some count];
    for (NSString *name in some) {
      out->labels[label++] = INTText(name);
    }
  }
  return YES;
}

@interface INTLabel ()
- (instancetype)initWithName:(NSString *)name probability:(float)probability NS_DESIGNATED_INITIALIZER;
@end

@implementation INTLabel

@synthesize name = _name;
@synthesize probability = _probability;

- (instancetype)initWithName:(NSString *)name probability:(float)probability {
  if ((self = [super init])) {
    _name = [name copy];
    _probability = probability;
  }
  return self;
}

#if !__has_feature(objc_arc)
- (void)dealloc {
  [_name release];
  [super dealloc];
}
#endif

- (NSString *)description {
  return [NSString stringWithFormat:@"%@ (%.2f)", _name, (double)_probability];
}

@end

/// Returns the labels that a model chose, or nil if another model is in use now.
static NSArray<INTLabel *> *INTLabels(const intent_classifier *classifier, const intent_scored *scored, size_t count,
                                      uint64_t version) {
  NSMutableArray<INTLabel *> *labels = [NSMutableArray arrayWithCapacity:count];
  for (size_t i = 0; i < count; i++) {
    const char *name = intent_label(classifier, scored[i].label, NULL);
    if (name != NULL) {
      INTLabel *label = [[INTLabel alloc] initWithName:[NSString stringWithUTF8String:name] probability:scored[i].probability];
      [labels addObject:label];
      INTRelease(label);
    }
  }
  return intent_model_version(classifier) == version ? labels : nil;
}

#ifdef __BLOCKS__
typedef void (^INTHandler)(NSArray<INTLabel *> *_Nullable, NSError *_Nullable);

/// Context of a request's callback: the classifier, kept alive until then, the text and the
/// handler.
@interface INTRequest : NSObject {
@public
  INTClassifier *classifier;
  const intent_classifier *handle;
  NSString *text;
  INTHandler handler;
}
@end

@implementation INTRequest
#if !__has_feature(objc_arc)
- (void)dealloc {
  [classifier release];
  [text release];
  [handler release];
  [super dealloc];
}
#endif
@end

static void INTAnswered(const intent_answer *answer, void *context) {
  @autoreleasepool {
#if __has_feature(objc_arc)
    INTRequest *request = (__bridge_transfer INTRequest *)context;
#else
    INTRequest *request = [(INTRequest *)context autorelease];
#endif
    if (answer->status == INTENT_STATUS_OK) {
      NSArray<INTLabel *> *labels = INTLabels(request->handle, answer->labels, answer->count, answer->model_version);
      NSError *error = nil;
      // If the model was swapped meanwhile, ask the new model.
      labels = labels != nil ? labels : [request->classifier labelsForText:request->text error:&error];
      request->handler(labels, error);
    } else {
      NSString *message = answer->message != NULL ? [NSString stringWithUTF8String:answer->message] : @"IntentKit failed";
      request->handler(nil, [NSError errorWithDomain:INTErrorDomain
                                                code:answer->status
                                            userInfo:@{NSLocalizedDescriptionKey : message}]);
    }
  }
}
#endif

@implementation INTClassifier

- (instancetype)initWithContentsOfURL:(NSURL *)url error:(NSError **)error {
  if ((self = [super init])) {
    intent_text path = INTText([url path]);
    intent_error *problem = NULL;
    if (!INTSucceeded(intent_load(path, &_classifier, &problem), problem, error)) {
      INTRelease(self);
      return nil;
    }
  }
  return self;
}

- (instancetype)initWithTexts:(NSArray<NSString *> *)texts labels:(NSArray<NSArray<NSString *> *> *)labels error:(NSError **)error {
  if ((self = [super init])) {
    INTExamples examples;
    BOOL succeeded = INTMakeExamples(texts, labels, &examples, error);
    if (succeeded) {
      intent_error *problem = NULL;
      intent_status status =
          intent_train(examples.texts, [texts count], examples.labels, examples.counts, NULL, &_classifier, &problem);
      free(examples.texts);
      succeeded = INTSucceeded(status, problem, error);
    }
    if (!succeeded) {
      INTRelease(self);
      return nil;
    }
  }
  return self;
}

- (void)dealloc {
  intent_free(_classifier);
#if !__has_feature(objc_arc)
  [super dealloc];
#endif
}

- (NSArray<NSString *> *)labelNames {
  uint32_t count = intent_label_count(_classifier);
  NSMutableArray<NSString *> *names = [NSMutableArray arrayWithCapacity:count];
  for (uint32_t i = 0; i < count; i++) {
    const char *name = intent_label(_classifier, i, NULL);
    if (name != NULL) {
      [names addObject:[NSString stringWithUTF8String:name]];
    }
  }
  return names;
}

- (NSArray<INTLabel *> *)labelsForText:(NSString *)text error:(NSError **)error {
  intent_text bytes = INTText(text);
  for (;;) {
    size_t capacity = intent_label_count(_classifier);
    intent_scored *chosen = malloc(capacity * sizeof *chosen + 1);
    intent_decision decision = {0};
    intent_error *problem = NULL;
    intent_status status = chosen == NULL ? INTENT_STATUS_OUT_OF_MEMORY
                                          : intent_predict_detailed(_classifier, bytes, NULL, chosen, capacity, &decision, &problem);
    NSArray<INTLabel *> *labels = nil;
    BOOL succeeded = INTSucceeded(status, problem, error);
    if (succeeded) {
      labels = INTLabels(_classifier, chosen, decision.count < capacity ? decision.count : capacity, decision.model_version);
    }
    free(chosen);
    if (!succeeded || labels != nil) {
      return labels;
    }
    // The model was swapped meanwhile and labels may have new indices: ask the new model.
  }
}

#ifdef __BLOCKS__
- (BOOL)requestLabelsForText:(NSString *)text
           completionHandler:(void (^)(NSArray<INTLabel *> *_Nullable, NSError *_Nullable))handler
                       error:(NSError **)error {
  INTRequest *request = [[INTRequest alloc] init];
#if __has_feature(objc_arc)
  request->classifier = self;
  void *context = (__bridge_retained void *)request;
#else
  request->classifier = [self retain];
  void *context = request;
#endif
  request->handle = _classifier;
  request->text = [text copy];
  request->handler = [handler copy];
  intent_text bytes = INTText(text);
  intent_error *problem = NULL;
  intent_status status = intent_predict_async(_classifier, bytes, NULL, INTAnswered, context, NULL, &problem);
  if (status != INTENT_STATUS_OK) {
    // The callback will not be called, so release the context here.
#if __has_feature(objc_arc)
    request = (__bridge_transfer INTRequest *)context;
#else
    [request release];
#endif
  }
  return INTSucceeded(status, problem, error);
}
#endif

- (BOOL)updateWithTexts:(NSArray<NSString *> *)texts labels:(NSArray<NSArray<NSString *> *> *)labels error:(NSError **)error {
  INTExamples examples;
  if (!INTMakeExamples(texts, labels, &examples, error)) {
    return NO;
  }
  intent_error *problem = NULL;
  intent_status status =
      intent_update(_classifier, examples.texts, [texts count], examples.labels, examples.counts, NULL, &problem);
  free(examples.texts);
  return INTSucceeded(status, problem, error);
}

- (BOOL)saveToURL:(NSURL *)url error:(NSError **)error {
  intent_text path = INTText([url path]);
  intent_error *problem = NULL;
  return INTSucceeded(intent_save(_classifier, path, &problem), problem, error);
}

- (BOOL)exportCoreMLToURL:(NSURL *)url error:(NSError **)error {
  intent_text path = INTText([url path]);
  intent_error *problem = NULL;
  return INTSucceeded(intent_export_coreml(_classifier, path, NULL, &problem), problem, error);
}

@end
