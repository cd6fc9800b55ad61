/* pecode.c: where the containers of a Windows program or DLL lie: sections ".nv_fatb" and "__nv_rel" (the names are cut to eight letters). PE/COFF as Microsoft
 * specifies it ("PE Format": DOS header, COFF file header, section table); 32-bit and ARM programs have the same section table. */
#include "base/limits.h"
#include "format/codefile.h"
#include "format/elsewhere.h"

#define CV_PE_SECTION 40u
#define CV_PE_MAX     96u /* the loader's own limit of sections */

void cv_code_pe(const struct cv_reader *r, const struct cv_code_ask *ask, struct cv_arena *a,
                struct cv_gpucode *ret)
{
    unsigned char dos[64], coff[24], s[CV_PE_MAX * CV_PE_SECTION] CV_UNINIT;
    struct cv_fatbin_ranges code = {0};
    struct cv_outside_list outside = {0};
    bool cut = false;
    ret->form = CV_FORM_PE;
    if (!cv_read(r, 0, dos, sizeof dos)) {
        ret->error = CV_S("a Windows program that ends in its header");
        return;
    }
    uint64_t at = cv_le32(dos + 0x3c);
    if (!cv_read(r, at, coff, sizeof coff) || memcmp(coff, "PE\0\0", 4) != 0) {
        ret->error = CV_S("a DOS program, or a Windows program with a damaged header");
        return;
    }
    unsigned n = cv_le16(coff + 6);
    if (n > CV_PE_MAX ||
        !cv_read(r, at + sizeof coff + cv_le16(coff + 20), s, (size_t)n * CV_PE_SECTION)) {
        cv_gpucode_cut(ret, CV_S("a Windows program with a damaged section table"));
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        const unsigned char *p = s + (size_t)i * CV_PE_SECTION;
        uint32_t virtual_size = cv_le32(p + 8), raw_size = cv_le32(p + 16);
        char name[9] = "";
        uint32_t size = virtual_size && virtual_size < raw_size ? virtual_size : raw_size;
        memcpy(name, p, 8);
        if (memcmp(p, ".nv_fatb", 8) == 0 || memcmp(p, "__nv_rel", 8) == 0)
            cut = !cv_fatbin_add_range(a, &code, r, cv_le32(p + 20), size) || cut;
        else if (cv_outside_wanted(ask, name))
            cv_outside_add(a, &outside, name, sizeof name, cv_le32(p + 20), size);
    }
    cv_fatbin_tidy_ranges(&code);
    cv_fatbin_read(r, &code, NULL, 0, a, ret);
    cv_outside_search(r, ask, &outside, &code, a, ret);
    if (cut)
        cv_gpucode_cut(ret, CV_S("the file ends before its sections do"));
}
