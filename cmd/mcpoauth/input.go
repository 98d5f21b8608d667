// Input: the documents that the arguments of a command stand for.

package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
)

// stdinArg is the argument that stands for standard input, and stdinName is
// what the document that came from there is called.
const (
	stdinArg  = "-"
	stdinName = "<stdin>"
)

// input is one document before anything is known of it, or the reason why there
// is none.
type input struct {
	// name is the file as the arguments give it.
	name string
	// data is the content, cut after gen.MaxSize + 1 bytes: nothing that reads
	// documents takes more, and the decoder says so.
	data []byte
	// found says that the file was not named but found in a directory: it may
	// well be no document.
	found bool
	// partner says that --with named it.
	partner bool
	err     error
}

// inputs yields the documents of the arguments in their order, one at a time
// in memory. An argument is a file, "-", a directory, or a pattern; files of a
// directory come sorted. It ends early when ctx does.
func inputs(ctx context.Context, args []string, stdin io.Reader) iter.Seq[input] {
	return func(yield func(input) bool) {
		for _, arg := range args {
			for in := range expand(ctx, arg, stdin) {
				if ctx.Err() != nil || !yield(in) {
					return
				}
			}
		}
	}
}

// expand yields the documents of one argument. A file whose name looks like a
// pattern is that file.
func expand(ctx context.Context, arg string, stdin io.Reader) iter.Seq[input] {
	return func(yield func(input) bool) {
		if arg == stdinArg {
			data, err := readStdin(ctx, stdin)
			yield(input{name: stdinName, data: data, err: err})
			return
		}
		info, err := os.Stat(arg)
		switch {
		case err == nil && info.IsDir():
			walk(arg, yield)
		case err == nil:
			yield(read(arg, false))
		case isPattern(arg):
			matches(arg, yield)
		default:
			yield(input{name: arg, err: cause(err)})
		}
	}
}

// readStdin returns when ctx ends too: a terminal may never send a byte, and a
// read cannot be interrupted. The read that is left ends with the program.
func readStdin(ctx context.Context, stdin io.Reader) ([]byte, error) {
	var data []byte
	var err error
	done := make(chan struct{})
	go func() {
		data, err = readBounded(stdin)
		close(done)
	}()
	select {
	case <-done:
		return data, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func isPattern(arg string) bool { return strings.ContainsAny(arg, "*?[") }

var (
	errNoMatch     = errors.New("no file matches")
	errNoDocuments = errors.New("the directory has no *.json file and no file below .well-known")
)

// matches yields the files of a pattern, sorted, and the documents of the
// directories among them. In a pattern, ** stands for any number of directories.
func matches(pattern string, yield func(input) bool) {
	files, err := glob(pattern)
	if err == nil && len(files) == 0 {
		err = errNoMatch
	}
	if err != nil {
		yield(input{name: pattern, err: err})
		return
	}
	for _, name := range files {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			if !walk(name, yield) {
				return
			}
		} else if !yield(read(name, false)) {
			return
		}
	}
}

// glob is filepath.Glob with ** for any number of directories, none included.
func glob(pattern string) ([]string, error) {
	if _, err := filepath.Match(pattern, ""); err != nil {
		return nil, err
	}
	slashed := filepath.ToSlash(pattern)
	before, after, deep := strings.Cut(slashed, "**/")
	if !deep || before != "" && !strings.HasSuffix(before, "/") {
		return filepath.Glob(pattern)
	}
	roots := []string{"."}
	if before != "" {
		var err error
		if roots, err = filepath.Glob(filepath.FromSlash(before)); err != nil {
			return nil, err
		}
	}
	var files []string
	for _, root := range roots {
		for dir := range directories(root) {
			found, err := glob(filepath.Join(dir, filepath.FromSlash(after)))
			if err != nil {
				return nil, err
			}
			files = append(files, found...)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// directories yields root and the directories below it that walk would enter.
func directories(root string) iter.Seq[string] {
	return func(yield func(string) bool) {
		_ = filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case entry == nil || !entry.IsDir():
				return nil
			case err != nil || name != root && passedOver(entry.Name()):
				return fs.SkipDir // what cannot be read has nothing that matches
			case !yield(name):
				return fs.SkipAll
			}
			return nil
		})
	}
}

// passedOver names the directories that hold no documents of their owner:
// hidden ones, and the packages of npm.
func passedOver(name string) bool {
	return name == "node_modules" || strings.HasPrefix(name, ".") && name != "." && name != ".." && name != ".well-known"
}

// walk yields the files below a directory that look like documents: *.json, and
// whatever is below .well-known, where metadata has no extension. It reports
// whether the caller wants more.
func walk(root string, yield func(input) bool) bool {
	more, some := true, false
	next := func(in input) error {
		some = true
		if more = yield(in); !more {
			return fs.SkipAll
		}
		return nil
	}
	top := root + string(filepath.Separator) // follows a link to a directory
	err := filepath.WalkDir(top, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return next(input{name: name, err: cause(err)})
		case entry.IsDir() && name != top && passedOver(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || !looksLikeDocument(name) || !isRegular(name, entry):
			return nil
		}
		return next(read(name, true))
	})
	if err == nil && more && !some {
		return yield(input{name: root, err: errNoDocuments})
	}
	return more
}

func looksLikeDocument(name string) bool {
	return strings.EqualFold(filepath.Ext(name), ".json") || slices.Contains(strings.Split(filepath.ToSlash(name), "/"), ".well-known")
}

// isRegular keeps walk from pipes and devices; what a link points to counts.
func isRegular(name string, entry fs.DirEntry) bool {
	if entry.Type().IsRegular() {
		return true
	}
	info, err := os.Stat(name)
	return entry.Type()&fs.ModeSymlink != 0 && err == nil && info.Mode().IsRegular()
}

func read(name string, found bool) input {
	file, err := os.Open(name)
	if err != nil {
		return input{name: name, err: cause(err)}
	}
	defer file.Close()
	data, err := readBounded(file)
	return input{name: name, data: data, found: found, err: err}
}

// readBounded reads one byte more than decoders take, so that they refuse what
// is longer, whatever its length.
//
// SEC-3
func readBounded(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, gen.MaxSize+1))
	if err != nil {
		return nil, cause(err)
	}
	return data, nil
}

// cause is an error of the operating system without the name of the file, which
// stands before it in every report.
func cause(err error) error {
	if failure := (*fs.PathError)(nil); errors.As(err, &failure) {
		return failure.Err
	}
	return err
}
