/* nothing.c: the least that a dynamically linked C program costs. */
int main(void) { return 0; }
