/* inflate.c: what inflating a member of a zip costs by itself: the library that cuvet is built with, the same buffers, and the check sum; nothing else.
 * What `cuvet archs` takes on the same wheel beyond it is what looking for GPU code costs. */
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#define IN  ((size_t)256 << 10)
#define OUT ((size_t)128 << 10)

int main(int argc, char **argv)
{
    static unsigned char in[IN], out[OUT];
    if (argc != 6) {
        fprintf(stderr, "usage: inflate FILE OFFSET PACKED SIZE CRC\n");
        return 2;
    }
    FILE *f = fopen(argv[1], "rb");
    unsigned long long at = strtoull(argv[2], NULL, 10), left = strtoull(argv[3], NULL, 10), total = 0;
    z_stream z = {0};
    unsigned long crc = 0;
    int rc = Z_OK;
    if (!f || fseek(f, (long)at, SEEK_SET) != 0 || setvbuf(f, NULL, _IONBF, 0) != 0 || inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return 2;
    while (rc != Z_STREAM_END && left > 0) {
        size_t n = fread(in, 1, left < IN ? (size_t)left : IN, f);
        if (n == 0)
            return 2;
        left -= n;
        z.next_in = in;
        z.avail_in = (unsigned)n;
        do {
            z.next_out = out;
            z.avail_out = OUT;
            rc = inflate(&z, Z_NO_FLUSH);
            if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
                return 2;
            size_t got = OUT - z.avail_out;
            crc = crc32(crc, out, (unsigned)got);
            total += got;
        } while (rc != Z_STREAM_END && z.avail_out == 0);
    }
    inflateEnd(&z);
    fclose(f);
    return rc == Z_STREAM_END && total == strtoull(argv[4], NULL, 10) && crc == strtoul(argv[5], NULL, 10) ? 0 : 2;
}
