// The smallest prelude: says so on stdout, then goes on to the executable's own entry point.
// Its two slots are described in native/linux/prelude/prelude.zig.

#if defined(__x86_64__)
.text
slots:
    .quad 0
    .quad entry - slots
entry:
    push %rdx
    mov $1, %eax
    mov $1, %edi
    lea text(%rip), %rsi
    mov $8, %edx
    syscall
    pop %rdx
    lea slots(%rip), %rax
    add slots(%rip), %rax
    jmp *%rax
text:
    .ascii "prelude\n"
#elif defined(__aarch64__)
.text
slots:
    .quad 0
    .quad entry - slots
entry:
    mov x19, x0
    mov x8, #64
    mov x0, #1
    adr x1, text
    mov x2, #8
    svc #0
    mov x0, x19
    adr x16, slots
    ldr x17, [x16]
    add x16, x16, x17
    br x16
text:
    .ascii "prelude\n"
#endif
