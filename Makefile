# The front door. The build itself is meson's (meson.build); packagers use that directly.
# make            set up what is missing (below .deps, see scripts/setup), build build/cuvet and build/libcuvet.so
# make doctor     what is on this machine, and does it fit
# make test       all fast tests          make lint   formatting, clang-tidy, shellcheck, fact lint
# make golden     rewrite the expected reports (review the diff)
# make fuzz       every fuzz target for FUZZ_SECONDS (30)      make bench  speed and memory, ratios in one run
# make install    to PREFIX (/usr/local) below DESTDIR         make lists  source lists from the folders
# make clean      remove build folders    make distclean   also .deps
.DEFAULT_GOAL := build
.PHONY: all build setup doctor test golden lint fuzz bench lists install clean distclean

PREFIX ?= /usr/local

all: build

setup:
	@scripts/setup

build: setup
	@scripts/build $(if $(filter-out /usr/local,$(PREFIX)),--prefix $(PREFIX))

doctor: build
	@build/cuvet doctor; rc=$$?; case $$rc in 0|1|3) exit 0;; *) exit $$rc;; esac

test: build
	@tests/run

golden: build
	@tests/run --golden

lint: setup
	@scripts/lint

fuzz: setup
	@scripts/fuzz

bench: build
	@bench/run

lists:
	@scripts/lists

install: build
	@bash -c ". scripts/common.sh && meson install -C build --no-rebuild"

clean:
	rm -rf build build-*

distclean: clean
	rm -rf .deps subprojects/yyjson-* subprojects/zlib_ng-* subprojects/packagefiles/*.tar.gz
