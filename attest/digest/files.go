package digest

import (
	"context"
	"encoding/hex"
	"io/fs"
	"iter"
	"os"
	"sync"
	"time"

	"github.com/sealwright/sealwright/internal/sha256x"
)

// FilesOptions tell SumFiles what to compute and how. The zero value computes
// SHA-256 of regular files, follows no links and caches nothing.
type FilesOptions struct {
	// Options as for SumFile, except Size, which must be 0. Progress counts the
	// bytes of all files; the total is not known.
	Options
	// FollowLinks reads what a link leads to, if that lies in the root.
	FollowLinks bool
	// Cache, if not nil, remembers digests by FileKey. It cannot hold
	// Options.FSVerity and Options.CheckpointStride, which must be zero.
	Cache Cache
	// Now is a time not after the call; it is needed with Cache. A file whose
	// modification or change time is not older by SettleTime is not cached, as a
	// later change might leave its FileKey as it is.
	Now time.Time
}

// A FileResult is the outcome for one file.
type FileResult struct {
	Name   string
	Info   fs.FileInfo // of the open file; os.SameFile may not know it
	Result             // Digests and Size
	Cached bool        // the digests come from the cache
}

// filesWindow is how many files SumFiles works on ahead of its consumer, enough to
// have work beside a large file whose result is awaited; filesGroup is how many
// names it takes at a time.
const (
	filesWindow = 4096
	filesGroup  = 64
)

// SumFiles computes the digests of many regular files in root, each as SumFile
// would, several at the same time, with small ones side by side in the lanes of
// the processor. Results come in the order of names, one for each name: after a
// file that was refused, whose FileResult tells only its name, the others follow.
// An error without a name ends the sequence.
//
// A directory is opened once for names in it that follow one another: sorted
// names are the fastest.
//
// names is run by the goroutine that ranges over the result. No goroutine and no
// open file remains once the range ends, early or not.
func SumFiles(ctx context.Context, root *os.Root, names iter.Seq[string], o FilesOptions) iter.Seq2[FileResult, error] {
	return func(yield func(FileResult, error) bool) {
		r, err := newFilesRun(ctx, root, o)
		if err != nil {
			yield(FileResult{}, err)
			return
		}
		defer r.stop()
		next, stop := iter.Pull(names)
		defer stop()
		var ahead []*fileJob
		for more := true; ; {
			for more && len(ahead) <= filesWindow-filesGroup {
				var group []*fileJob
				if group, more = nextGroup(next); len(group) > 0 {
					ahead = append(ahead, group...)
					r.jobs.put(group)
				}
			}
			if len(ahead) == 0 {
				return
			}
			j := ahead[0]
			ahead = ahead[1:]
			r.jobs.await(j)
			if err := cancelled(ctx); err != nil {
				yield(FileResult{}, err)
				return
			}
			if !yield(j.result, j.err) {
				return
			}
		}
	}
}

// nextGroup takes up to filesGroup names.
func nextGroup(next func() (string, bool)) ([]*fileJob, bool) {
	jobs, group := make([]fileJob, filesGroup), make([]*fileJob, 0, filesGroup)
	for i := range jobs {
		name, more := next()
		if !more {
			return group, false
		}
		jobs[i].result.Name = name
		group = append(group, &jobs[i])
	}
	return group, true
}

// A fileJob is one file on its way. Its fields belong to the worker until it has
// finished.
type fileJob struct {
	result FileResult
	err    error
	file   openFile
	dir    *directory // of file, or nil

	finished bool // belongs to the queue
}

// A filesRun is what the workers of SumFiles share.
type filesRun struct {
	root    *os.Root
	options FilesOptions
	plan    *plan
	jobs    *jobQueue
	cancel  context.CancelFunc
	workers sync.WaitGroup

	mu       sync.Mutex // serialises progress
	progress func(done, total int64)
	done     int64
}

func newFilesRun(ctx context.Context, root *os.Root, o FilesOptions) (*filesRun, error) {
	h, err := New(o.Options)
	if err != nil {
		return nil, err
	}
	if o.Size != 0 {
		return nil, &Error{Code: CodeOption, Where: "FilesOptions.Size", Want: "0", Got: "a size"}
	}
	if o.Cache != nil && (o.Now.IsZero() || o.FSVerity != nil || o.CheckpointStride != 0) {
		return nil, &Error{Code: CodeOption, Where: "FilesOptions.Cache", Want: "Now, and digests that a Set can hold"}
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &filesRun{root: root, options: o, plan: h.plan, jobs: newJobQueue(h.workers), cancel: cancel, progress: o.Progress}
	r.options.Workers = 1 // each worker hashes alone
	r.options.Progress = nil
	work := r.workSingly
	if h.plan.onlySHA256() {
		work = r.workInLanes
	}
	for range h.workers {
		r.workers.Go(func() { work(ctx) })
	}
	return r, nil
}

// setOf returns the set that holds the SHA-256 that a padded chain ended in.
func setOf(s sha256x.State) Set {
	sum := s.Sum()
	var text [2 * len(sum)]byte
	hex.Encode(text[:], sum[:])
	return Set{SHA256: string(text[:])}
}

// onlySHA256 reports whether a bare chaining value yields all that p wants.
func (p *plan) onlySHA256() bool {
	return len(p.algorithms) == 1 && p.has(SHA256) && len(p.verity) == 0 && p.stride == 0
}

func (r *filesRun) stop() {
	r.cancel()
	r.jobs.close()
	r.workers.Wait()
}

// workSingly hashes one file after the other.
func (r *filesRun) workSingly(ctx context.Context) {
	dirs := directories{root: r.root, follow: r.options.FollowLinks}
	defer dirs.close()
	for {
		jobs := r.jobs.take(1, true)
		if len(jobs) == 0 {
			return
		}
		j := jobs[0]
		if !r.open(ctx, j, &dirs) {
			continue
		}
		got, err := SumAt(ctx, j.file, r.options.Options)
		if err == nil {
			j.result.Result = *got
		}
		r.settle(ctx, j, err)
	}
}

// workInLanes hashes several files side by side.
func (r *filesRun) workInLanes(ctx context.Context) {
	dirs := directories{root: r.root, follow: r.options.FollowLinks}
	defer dirs.close()
	f := newFolder()
	folding := make(map[int64]*fileJob)
	id := int64(0)
	for {
		jobs := r.jobs.take(f.free(), !f.busy())
		if len(jobs) == 0 && !f.busy() {
			return
		}
		for _, j := range jobs {
			if r.open(ctx, j, &dirs) {
				id++
				folding[id] = j
				f.add(stretch{src: j.file, end: j.file.Size(), last: true, state: sha256x.IV(), id: id})
			}
		}
		if !f.busy() { // all of them were refused or cached
			continue
		}
		f.step(ctx, func(s *stretch, err error) {
			j := folding[s.id]
			delete(folding, s.id)
			j.result.Result = Result{Size: s.end, Digests: setOf(s.state)}
			r.settle(ctx, j, err)
		})
	}
}

// open opens the file of j and looks it up in the cache. It returns false if j
// is settled already.
func (r *filesRun) open(ctx context.Context, j *fileJob, dirs *directories) bool {
	err := cancelled(ctx)
	if err == nil {
		j.file, j.dir, err = dirs.open(j.result.Name)
	}
	if err != nil {
		r.settle(ctx, j, err)
		return false
	}
	j.result.Info = j.file.stat()
	if r.options.Cache == nil || !j.file.key().identifies() {
		return true
	}
	set, found, err := r.options.Cache.Get(ctx, j.file.key())
	if err == nil && (!found || !r.plan.answeredBy(set)) {
		return true
	}
	if err == nil {
		j.result.Cached = true
		j.result.Result = Result{Size: j.file.Size(), Digests: r.plan.choose(set)}
	}
	r.settle(ctx, j, err)
	return false
}

// settle ends j: it closes the file, caches the outcome and hands it over.
func (r *filesRun) settle(ctx context.Context, j *fileJob, err error) {
	if j.file != nil {
		if changed := j.file.Unchanged(); changed != nil {
			err = changed
		}
		j.file.Close()
	}
	if j.dir != nil {
		j.dir.release()
	}
	if err == nil && !j.result.Cached && r.cacheable(j) {
		err = r.options.Cache.Put(ctx, j.file.key(), j.result.Digests)
	}
	if err != nil {
		j.result, j.err = FileResult{Name: j.result.Name}, err
	}
	r.report(j.result.Size)
	r.jobs.finish(j)
}

// SettleTime is how much older than the time of reading a file's times must be
// before its digest is cached: the granularity of the coarsest clock of a file
// system, as in Git's rule for racily clean entries.
const SettleTime = 2 * time.Second

func (r *filesRun) cacheable(j *fileJob) bool {
	k := j.file.key()
	latest := r.options.Now.Add(-SettleTime).UnixNano()
	return r.options.Cache != nil && k.identifies() && k.Modified < latest && k.Changed < latest
}

func (r *filesRun) report(n int64) {
	if r.progress != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.done += n
		r.progress(r.done, -1)
	}
}
