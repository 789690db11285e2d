/* A plugin for qemu's user mode that counts the instructions a program executes, and prints the number when it ends.
 *
 *   cc -O2 -shared -fPIC insn.c -o libinsn.so
 *   qemu-aarch64 -plugin ./libinsn.so -d plugin PROGRAM
 *
 * Debian packages no qemu-plugin.h, so what is used of its version 1 (qemu 4.2 to 8) is declared here. */
#include <stdint.h>
#include <stdio.h>

typedef uint64_t plugin_id;
struct block;       /* instructions that are translated, and executed, together */
struct instruction;
enum { ADD_U64 = 0 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*translated)(plugin_id, struct block *));
extern size_t qemu_plugin_tb_n_insns(const struct block *block);
extern struct instruction *qemu_plugin_tb_get_insn(const struct block *block, size_t at);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct instruction *instruction, int operation, void *counter,
                                                       uint64_t operand);
extern void qemu_plugin_register_atexit_cb(plugin_id id, void (*ends)(plugin_id, void *), void *data);
extern void qemu_plugin_outs(const char *string);

#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(plugin_id id, const void *information, int count, char **arguments);

static uint64_t executed;

/* Counted one by one: a block can be left before its end. */
static void translated(plugin_id id, struct block *block) {
  (void)id;
  for (size_t at = 0; at < qemu_plugin_tb_n_insns(block); at++) {
    qemu_plugin_register_vcpu_insn_exec_inline(qemu_plugin_tb_get_insn(block, at), ADD_U64, &executed, 1);
  }
}

static void ends(plugin_id id, void *data) {
  char line[64];
  (void)id;
  (void)data;
  snprintf(line, sizeof line, "instructions %llu\n", (unsigned long long)executed);
  qemu_plugin_outs(line);
}

int qemu_plugin_install(plugin_id id, const void *information, int count, char **arguments) {
  (void)information;
  (void)count;
  (void)arguments;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, ends, NULL);
  return 0;
}
