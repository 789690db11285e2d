// An Objective-C host of the wrapper: trains, predicts, rejects, corrects, saves, loads and
// exports. Its argument is a folder for the files it makes.
#import "INTClassifier.h"

#include <stdio.h>

#define CHECK(condition)                                               \
  do {                                                                 \
    if (!(condition)) {                                                \
      fprintf(stderr, "line %d: not true: %s\n", __LINE__, #condition); \
      return 1;                                                        \
    }                                                                  \
  } while (0)

static NSString *best(INTClassifier *classifier, NSString *text) {
  NSArray<INTLabel *> *labels = [classifier labelsForText:text error:NULL];
  return [labels count] > 0 ? [[labels objectAtIndex:0] name] : @"none of them";
}

static int run(NSString *folder) {
  NSArray<NSString *> *texts = @[
    @"turn on the lights", @"dim the lamp", @"make it brighter in here", @"switch the kitchen lamp off", @"play some music",
    @"play the next song", @"stop the song", @"louder music please"
  ];
  NSArray<NSString *> *light = @[ @"light" ], *music = @[ @"music" ];
  NSArray<NSArray<NSString *> *> *labels = @[ light, light, light, light, music, music, music, music ];
  NSError *error = nil;
  INTClassifier *classifier = [[INTClassifier alloc] initWithTexts:texts labels:labels error:&error];
  CHECK(classifier != nil && [[classifier labelNames] isEqual:(@[ @"light", @"music" ])]);
  for (NSString *text in @[ @"switch on the lamp", @"play a song", @"quokka" ]) {
    printf("%s -> %s\n", [text UTF8String], [best(classifier, text) UTF8String]);
  }
  CHECK([best(classifier, @"switch on the lamp") isEqual:@"light"]);
  CHECK([[classifier labelsForText:@"Привет, как дела?" error:&error] count] == 0 && error == nil);

  CHECK([classifier updateWithTexts:@[ @"water the ficus" ] labels:@[ @[ @"garden" ] ] error:&error]);
  CHECK([best(classifier, @"water the ficus") isEqual:@"garden"]);

  NSURL *model = [NSURL fileURLWithPath:[folder stringByAppendingPathComponent:@"my model.intent"]];
  CHECK([classifier saveToURL:model error:&error]);
  INTClassifier *loaded = [[INTClassifier alloc] initWithContentsOfURL:model error:&error];
  CHECK([best(loaded, @"water the ficus") isEqual:@"garden"]);
  CHECK([loaded exportCoreMLToURL:[NSURL fileURLWithPath:[folder stringByAppendingPathComponent:@"m.mlpackage"]] error:&error]);

  // Errors have the messages of the library.
  CHECK([[INTClassifier alloc] initWithContentsOfURL:[NSURL fileURLWithPath:@"/nowhere/m.intent"] error:&error] == nil);
  CHECK([[error domain] isEqual:INTErrorDomain] && [[error localizedDescription] rangeOfString:@"/nowhere/m.intent"].length > 0);
  printf("%s\n", [[error localizedDescription] UTF8String]);
  error = nil;
  CHECK([[INTClassifier alloc] initWithTexts:texts labels:@[] error:&error] == nil && error != nil);
  CHECK([[INTClassifier alloc] initWithTexts:@[] labels:@[] error:NULL] == nil);
  error = nil;
  CHECK(![classifier saveToURL:[NSURL fileURLWithPath:@"/nowhere/m.intent"] error:&error] && error != nil);
#ifdef __BLOCKS__
  NSConditionLock *answers = [[NSConditionLock alloc] initWithCondition:0];
  CHECK([classifier requestLabelsForText:@"play a song"
                       completionHandler:^(NSArray<INTLabel *> *some, NSError *problem) {
                         [answers lock];
                         [answers unlockWithCondition:[some count] > 0 && problem == nil ? 1 : 2];
                       }
                                   error:&error]);
  CHECK([answers lockWhenCondition:1 beforeDate:[NSDate dateWithTimeIntervalSinceNow:10]]);
  [answers unlock];
#endif
#if !__has_feature(objc_arc)
  [classifier release];
  [loaded release];
#endif
  return 0;
}

int main(int count, char **arguments) {
  CHECK(count > 1);
  @autoreleasepool {
    return run([NSString stringWithUTF8String:arguments[1]]);
  }
}
