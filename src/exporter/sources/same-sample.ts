/** Owns telling whether two samples of a process hold the same figures. What is told once (details, slow figures) is not looked at. */
import type { ProcessIo, ProcessSample, ProcessUse } from './process-source.ts'

export function isSameSample(a: ProcessSample, b: ProcessSample): boolean {
  return (
    a.pid === b.pid &&
    a.startTicks === b.startTicks &&
    a.startTimeSeconds === b.startTimeSeconds &&
    a.ppid === b.ppid &&
    a.comm === b.comm &&
    a.state === b.state &&
    a.isKernelThread === b.isKernelThread &&
    a.undividedSeconds === b.undividedSeconds &&
    a.threads === b.threads &&
    a.virtualBytes === b.virtualBytes &&
    a.residentBytes === b.residentBytes &&
    a.openFds === b.openFds &&
    isSameUse(a, b) &&
    isSameUse(a.children, b.children) &&
    isSameIo(a.io, b.io)
  )
}

function isSameUse(a: ProcessUse | undefined, b: ProcessUse | undefined): boolean {
  return (
    a?.userSeconds === b?.userSeconds &&
    a?.systemSeconds === b?.systemSeconds &&
    a?.minorFaults === b?.minorFaults &&
    a?.majorFaults === b?.majorFaults
  )
}

function isSameIo(a: ProcessIo | undefined, b: ProcessIo | undefined): boolean {
  return (
    a?.readBytes === b?.readBytes &&
    a?.writtenBytes === b?.writtenBytes &&
    a?.readOperations === b?.readOperations &&
    a?.writeOperations === b?.writeOperations
  )
}
